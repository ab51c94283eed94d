"""Objects uploaded in parts. A part is a file; the object is made of the parts' files, so that completing moves no
bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from functions.installation import object_files
from functions.models import Bucket, MultipartUpload, StoredObject, UploadedPart
from functions.object_errors import (
    EntityTooLarge,
    EntityTooSmall,
    InvalidArgument,
    InvalidPart,
    InvalidPartOrder,
    NoSuchUpload,
)
from functions.object_notifications import CREATED_MULTIPART
from functions.services.guard import require
from functions.services.objects import (
    ANYHOW,
    LARGEST_OBJECT,
    SUMS,
    Condition,
    Content,
    Description,
    check_key,
    check_room,
    check_sums,
    grow,
    lock,
    store,
    undone,
)
from functions.snapshots import Principal
from functions.states import Role

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MOST_PARTS = 10_000
SMALLEST_PART = 5 * 1024 * 1024  # but for the last


def create_upload(
    *, acting: Principal, bucket: Bucket, key: str, description: Description
) -> MultipartUpload:
    """An object that is to come in parts."""
    require(acting, Role.DEVELOPER, bucket.project_id)
    check_key(key, description)
    return MultipartUpload.objects.create(
        bucket=bucket,
        key=key.encode(),
        headers=dict(description.headers),
        metadata=dict(description.metadata),
    )


def put_part(
    *,
    acting: Principal,
    upload: MultipartUpload,
    number: int,
    body: Iterable[bytes],
    md5: str = "",
    sums: Mapping[str, str] | None = None,
) -> UploadedPart:
    """A part, in place of one of that number. Raises as put_object, and NoSuchUpload."""
    require(acting, Role.DEVELOPER, upload.bucket.project_id)
    if not 1 <= number <= MOST_PARTS:
        raise InvalidArgument(f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive")
    written = object_files().write(body, SUMS)
    expected = sums if sums is not None else {}
    with undone([written.name]), transaction.atomic():
        check_sums(written.md5, written.sums, md5, expected)
        locked = lock(upload.bucket)
        if not MultipartUpload.objects.filter(pk=upload.pk).exists():
            raise NoSuchUpload("The specified upload does not exist. It may have been completed or aborted.")
        before = UploadedPart.objects.filter(upload=upload, number=number).first()
        more = written.size - (before.size if before else 0)
        check_room(locked.project_id, more)
        grow(locked, more)
        values = {
            "size": written.size,
            "etag": written.md5,
            "file": written.name,
            "sums": {name: value for name, value in written.sums.items() if name in expected},
            "modified_at": timezone.now(),
        }
        part, _ = UploadedPart.objects.update_or_create(upload=upload, number=number, defaults=values)
        gone = [before.file] if before else []
        transaction.on_commit(lambda: object_files().remove(gone))
    return part


def complete_upload(
    *,
    acting: Principal,
    upload: MultipartUpload,
    parts: Sequence[tuple[int, str]],
    condition: Condition = ANYHOW,
    trace: str = "",
) -> StoredObject:
    """The object of the parts (number, ETag) named; others are thrown away. Raises InvalidPart, InvalidPartOrder,
    EntityTooSmall, EntityTooLarge, NoSuchUpload."""
    require(acting, Role.DEVELOPER, upload.bucket.project_id)
    with transaction.atomic():
        locked = lock(upload.bucket)
        if not MultipartUpload.objects.filter(pk=upload.pk).exists():
            raise NoSuchUpload("The specified upload does not exist. It may have been completed or aborted.")
        there = {part.number: part for part in upload.parts.all()}
        chosen = _chosen(there, parts)
        content = _content(upload, chosen)
        unused = [part.file for part in there.values() if part not in chosen]
        grow(locked, -sum(part.size for part in there.values()))  # counted again as an object
        upload.delete()
        made = store(acting, locked, bytes(upload.key).decode(), content, CREATED_MULTIPART, condition, trace)
        transaction.on_commit(lambda: object_files().remove(unused))
    return made


def abort_upload(*, acting: Principal, upload: MultipartUpload) -> None:
    """The parts go."""
    require(acting, Role.DEVELOPER, upload.bucket.project_id)
    with transaction.atomic():
        locked = lock(upload.bucket)
        parts = list(upload.parts.all())
        grow(locked, -sum(part.size for part in parts))
        names = [part.file for part in parts]
        upload.delete()
        transaction.on_commit(lambda: object_files().remove(names))


def _chosen(there: Mapping[int, UploadedPart], parts: Sequence[tuple[int, str]]) -> list[UploadedPart]:
    numbers = [number for number, _ in parts]
    if numbers != sorted(set(numbers)):
        raise InvalidPartOrder(
            "The list of parts was not in ascending order. Parts must be ordered by part number."
        )
    for number, etag in parts:
        if number not in there or there[number].etag != etag.strip('"'):
            raise InvalidPart("One or more of the specified parts could not be found.")
    chosen = [there[number] for number in numbers]
    if any(part.size < SMALLEST_PART for part in chosen[:-1]):
        raise EntityTooSmall("Your proposed upload is smaller than the minimum allowed size")
    if sum(part.size for part in chosen) > LARGEST_OBJECT:
        raise EntityTooLarge("Your proposed upload exceeds the maximum allowed object size")
    return chosen


def _content(upload: MultipartUpload, parts: Sequence[UploadedPart]) -> Content:
    """The ETag of such an object is the MD5 of its parts' MD5s, and how many there are."""
    hashes = b"".join(bytes.fromhex(part.etag) for part in parts)
    etag = f"{hashlib.md5(hashes, usedforsecurity=False).hexdigest()}-{len(parts)}"
    pieces = [(part.file, part.size) for part in parts]
    return Content(pieces, etag, {}, Description(upload.headers, upload.metadata))
