"""Objects put, copied and deleted. Bytes are written before the row that names them and removed after the row that
named them, so that no row is ever without its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from functions.ids import new_id
from functions.installation import object_files
from functions.models import Bucket, StoredObject
from functions.object_errors import (
    BadDigest,
    EntityTooLarge,
    InvalidArgument,
    KeyTooLong,
    NoSuchBucket,
    NoSuchKey,
    ObjectPreconditionFailed,
)
from functions.object_notifications import CREATED_COPY, CREATED_PUT, REMOVED, Change
from functions.queries.objects import stored_bytes
from functions.services.guard import require
from functions.services.object_events import tell
from functions.snapshots import Principal
from functions.states import Role

GB = 1024**3
LARGEST_OBJECT = 5 * GB
PROJECT_QUOTA = 20 * GB  # what all buckets of a project hold
LONGEST_KEY = 1024
LARGEST_METADATA = 2048


@dataclass(frozen=True, slots=True)
class Description:
    """What is kept beside the bytes: headers that come back, and the caller's own metadata."""

    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the object that is there, as If-Match and If-None-Match say it; "" for nothing."""

    match: str = ""
    none_match: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What an object is to hold: files in order, all new."""

    pieces: Sequence[tuple[str, int]]
    etag: str
    sums: Mapping[str, str]
    description: Description

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(size for _, size in self.pieces)

    @property
    def names(self) -> list[str]:
        """Of its files."""
        return [name for name, _ in self.pieces]


ANYHOW = Condition()


def put_object(
    *,
    acting: Principal,
    bucket: Bucket,
    key: str,
    body: Iterable[bytes],
    description: Description,
    md5: str = "",
    sums: Mapping[str, str] | None = None,
    condition: Condition = ANYHOW,
    trace: str = "",
) -> StoredObject:
    """An object in place of what was there. `md5` (hex) and `sums` are what the caller computed; `sums` is read when
    the body has been. Raises BadDigest, EntityTooLarge, KeyTooLong, ObjectPreconditionFailed."""
    require(acting, Role.DEVELOPER, bucket.project_id)
    check_key(key, description)
    expected = sums if sums is not None else {}
    written = object_files().write(body, SUMS)
    with undone([written.name]):
        check_sums(written.md5, written.sums, md5, expected)
        kept = {name: value for name, value in written.sums.items() if name in expected}
        content = Content([(written.name, written.size)], written.md5, kept, description)
        return store(acting, bucket, key, content, CREATED_PUT, condition, trace)


def copy_object(
    *,
    acting: Principal,
    source: StoredObject,
    bucket: Bucket,
    key: str,
    description: Description | None = None,
    trace: str = "",
) -> StoredObject:
    """The same bytes under another key, with another description or the same."""
    require(acting, Role.DEVELOPER, bucket.project_id)
    require(acting, Role.VIEWER, source.bucket.project_id)
    told = description or Description(source.headers, source.metadata)
    check_key(key, told)
    files = object_files()
    try:
        pieces = [(files.copy(name), size) for name, size in source.pieces]
    except FileNotFoundError:
        raise NoSuchKey("The specified key does not exist.") from None  # deleted a moment ago
    with undone([name for name, _ in pieces]):
        content = Content(pieces, source.etag, source.sums, told)
        return store(acting, bucket, key, content, CREATED_COPY, ANYHOW, trace)


def delete_objects(*, acting: Principal, bucket: Bucket, keys: Sequence[str], trace: str = "") -> list[str]:
    """Gone for good; a key under which nothing is, is no fault. Returns the keys under which something was."""
    require(acting, Role.DEVELOPER, bucket.project_id)
    with transaction.atomic():
        locked = lock(bucket)
        rows = list(StoredObject.objects.filter(bucket=bucket, key__in=[key.encode() for key in keys]))
        StoredObject.objects.filter(pk__in=[row.pk for row in rows]).delete()
        grow(locked, -sum(row.size for row in rows))
        names = [name for row in rows for name, _ in row.pieces]
        tell(acting=acting, bucket=locked, changes=[_change(REMOVED, row) for row in rows], trace=trace)
        transaction.on_commit(lambda: object_files().remove(names))
    return [row.name for row in rows]


def store(
    acting: Principal,
    bucket: Bucket,
    key: str,
    content: Content,
    event: str,
    condition: Condition,
    trace: str,
) -> StoredObject:
    """Make the row and tell who wants to know; what was there under the key goes. Raises EntityTooLarge and
    ObjectPreconditionFailed."""
    with transaction.atomic():
        locked = lock(bucket)
        before = StoredObject.objects.filter(bucket=locked, key=key.encode()).first()
        check_condition(before, condition)
        check_room(locked.project_id, content.size - (before.size if before else 0))
        grow(locked, content.size - (before.size if before else 0))
        made, _ = StoredObject.objects.update_or_create(
            bucket=locked, key=key.encode(), defaults=_values(content)
        )
        tell(acting=acting, bucket=locked, changes=[_change(event, made)], trace=trace)
        gone = [name for name, _ in before.pieces] if before else []
        transaction.on_commit(lambda: object_files().remove(gone))
    return made


def _values(content: Content) -> dict[str, Any]:
    return {
        "size": content.size,
        "etag": content.etag,
        "headers": dict(content.description.headers),
        "metadata": dict(content.description.metadata),
        "sums": dict(content.sums),
        "pieces": [list(piece) for piece in content.pieces],
        "modified_at": timezone.now(),
    }


def lock(bucket: Bucket) -> Bucket:
    """The bucket, until the transaction's end its only writer's; raises NoSuchBucket when it has gone."""
    rows = Bucket.objects.select_for_update(of=("self",)).select_related("project")
    found = rows.filter(pk=bucket.pk).first()
    if found is None:
        raise NoSuchBucket("The specified bucket does not exist")
    return found


def grow(bucket: Bucket, size: int) -> None:
    """Count bytes of a locked bucket."""
    bucket.stored_bytes += size
    bucket.save(update_fields=["stored_bytes"])


def check_room(project_id: UUID, size: int) -> None:
    """Raises EntityTooLarge when the project would hold too much."""
    if size > 0 and stored_bytes(project_id) + size > PROJECT_QUOTA:
        raise EntityTooLarge(
            f"The project's buckets hold at most {PROJECT_QUOTA // GB} GB: delete objects first."
        )


def check_key(key: str, description: Description) -> None:
    """Raises KeyTooLong, and InvalidArgument for too much metadata."""
    if len(key.encode()) > LONGEST_KEY:
        raise KeyTooLong("Your key is too long")
    if "\0" in key:
        raise InvalidArgument("A key holds no null character.")
    told = sum(len(name.encode()) + len(value.encode()) for name, value in description.metadata.items())
    if told > LARGEST_METADATA:
        raise InvalidArgument("Your metadata headers exceed the maximum allowed metadata size")


SUMS = frozenset({"CRC32", "SHA1", "SHA256"})


def check_sums(md5: str, found: Mapping[str, str], told_md5: str, told: Mapping[str, str]) -> None:
    """Raises BadDigest for a checksum that is not the one computed."""
    if told_md5 and told_md5 != md5:
        raise BadDigest("The Content-MD5 you specified did not match what we received.")
    for name, value in told.items():
        if found.get(name, value) != value:
            raise BadDigest(f"The {name} you specified did not match the calculated checksum.")


def check_condition(there: StoredObject | None, condition: Condition) -> None:
    """Raises ObjectPreconditionFailed, and NoSuchKey where If-Match is held against nothing."""
    wanted, unwanted = condition.match.strip('"'), condition.none_match.strip('"')
    if wanted and there is None:
        raise NoSuchKey("The specified key does not exist.")
    failed = there is not None and (
        (wanted not in {"", "*", there.etag}) or (unwanted and unwanted in {"*", there.etag})
    )
    if failed:
        raise ObjectPreconditionFailed("At least one of the pre-conditions you specified did not hold")


def _change(name: str, row: StoredObject) -> Change:
    return Change(name, row.name, row.size, row.etag, new_id().hex[:16].upper(), timezone.now())


@contextmanager
def undone(names: Sequence[str]) -> Iterator[None]:
    """New files go when what they were written for fails."""
    try:
        yield
    except BaseException:
        object_files().remove(names)
        raise
