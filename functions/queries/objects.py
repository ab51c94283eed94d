"""Buckets and objects read: by name, and listed in the order of keys as S3 lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from functions.models import Bucket, MultipartUpload, StoredObject
from functions.object_errors import NoSuchBucket, NoSuchKey, NoSuchUpload

_READ_AT_ONCE = 1000


@dataclass(slots=True)
class Listed:
    """A page of a bucket. `last` is the key or common prefix that it ends with; `more` whether there is one after."""

    objects: list[StoredObject] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: bytes = b""
    more: bool = False


def buckets_of(project_id: UUID) -> QuerySet[Bucket]:
    """All of a project by name."""
    return Bucket.objects.filter(project=project_id).order_by("name")


def bucket_named(*, project_id: UUID, name: str) -> Bucket:
    """Raises NoSuchBucket."""
    found = Bucket.objects.select_related("project").filter(project=project_id, name=name).first()
    if found is None:
        raise NoSuchBucket("The specified bucket does not exist")
    return found


def object_at(bucket: Bucket, key: str) -> StoredObject:
    """Raises NoSuchKey."""
    found = StoredObject.objects.filter(bucket=bucket, key=key.encode()).first()
    if found is None:
        raise NoSuchKey("The specified key does not exist.")
    return found


def upload_of(bucket: Bucket, key: str, upload_id: str) -> MultipartUpload:
    """Raises NoSuchUpload."""
    try:
        found = MultipartUpload.objects.filter(bucket=bucket, pk=UUID(upload_id), key=key.encode()).first()
    except ValueError:
        found = None
    if found is None:
        raise NoSuchUpload("The specified upload does not exist. It may have been completed or aborted.")
    return found


def uploads_from(
    bucket: Bucket, *, prefix: str = "", key: str = "", upload: UUID | None = None
) -> QuerySet[MultipartUpload]:
    """Uploads under way by key and age, after those of `key`, or after one of them."""
    rows = MultipartUpload.objects.filter(bucket=bucket).order_by("key", "id")
    if prefix:
        rows = rows.filter(key__gte=prefix.encode(), key__lt=_beyond(prefix.encode()))
    later = Q(key__gt=key.encode())
    if upload is not None:
        later |= Q(key=key.encode(), id__gt=upload)
    return rows.filter(later) if key else rows


def stored_bytes(project_id: UUID) -> int:
    """What all buckets of a project hold, uploads under way included."""
    total = Bucket.objects.filter(project=project_id).aggregate(total=Sum("stored_bytes"))["total"]
    return int(total or 0)


def objects_from(
    bucket: Bucket, *, prefix: str = "", delimiter: str = "", after: bytes = b"", most: int = 1000
) -> Listed:
    """A page of at most `most` objects and common prefixes that come after `after`, which is a key or a common
    prefix of the page before."""
    page, start, end = Listed(last=after), prefix.encode(), delimiter.encode()
    rows = _rows(bucket, start, end, after)
    while (row := next(rows, None)) is not None:
        if len(page.objects) + len(page.prefixes) >= most:
            page.more = True
            break
        key = bytes(row.key)
        cut = key.find(end, len(start)) if end else -1
        if cut < 0:
            page.objects.append(row)
            page.last = key
        else:
            page.last = key[: cut + len(end)]
            page.prefixes.append(page.last.decode())
            # What else begins so is passed over without being read, however much it is.
            rows = _rows(bucket, start, end, page.last)
    return page


def _rows(bucket: Bucket, prefix: bytes, delimiter: bytes, after: bytes) -> Iterator[StoredObject]:
    rows = StoredObject.objects.filter(bucket=bucket).defer("pieces", "metadata", "headers").order_by("key")
    if prefix:
        rows = rows.filter(key__gte=prefix, key__lt=_beyond(prefix))
    if delimiter and after.startswith(prefix) and after.endswith(delimiter):  # a common prefix
        rows = rows.filter(key__gte=_beyond(after))
    elif after:
        rows = rows.filter(key__gt=after)
    return rows.iterator(chunk_size=_READ_AT_ONCE)


def _beyond(prefix: bytes) -> bytes:
    """The least key after all that begin with a prefix. UTF-8 has no byte of 255."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
