"""S3's operations on objects that are uploaded in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from console.api.call import Call
from console.api.operations.bucket_objects import check_taken, description_of, source_of, sums_of
from console.api.operations.buckets import bucket_of
from functions.installation import object_files
from functions.models import MultipartUpload
from functions.object_errors import EntityTooLarge, InvalidArgument, MalformedXML
from functions.object_files import slices_of
from functions.queries import objects as reads
from functions.services import uploads
from functions.services.objects import Condition

_SOURCE_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_LARGEST_COPIED = 1024 * 1024 * 1024  # copied in one step, while the caller waits


def create_multipart_upload(call: Call) -> dict[str, Any]:
    """CreateMultipartUpload."""
    check_taken(call)
    made = uploads.create_upload(
        acting=call.principal, bucket=bucket_of(call), key=call["Key"], description=description_of(call)
    )
    return {"Bucket": call["Bucket"], "Key": call["Key"], "UploadId": str(made.pk)}


def upload_part(call: Call) -> dict[str, Any]:
    """UploadPart."""
    call.refuse_given("SSECustomerKey", "SSECustomerAlgorithm")
    body = call["Body"]
    part = uploads.put_part(
        acting=call.principal,
        upload=upload_of(call),
        number=call["PartNumber"],
        body=body.pieces(),
        md5=body.md5,
        sums=body.sums,
    )
    return {"ETag": f'"{part.etag}"', **sums_of(part.sums)}


def upload_part_copy(call: Call) -> dict[str, Any]:
    """UploadPartCopy: a part that is a range of another object."""
    source = source_of(call)
    start, length = _source_range(call.get("CopySourceRange", ""), source.size)
    pieces: Iterator[bytes] = object_files().read(slices_of(source.pieces, start, length))
    part = uploads.put_part(
        acting=call.principal, upload=upload_of(call), number=call["PartNumber"], body=pieces
    )
    return {"CopyPartResult": {"ETag": f'"{part.etag}"', "LastModified": part.modified_at}}


def complete_multipart_upload(call: Call) -> dict[str, Any]:
    """CompleteMultipartUpload. Checksums of the parts were looked at when they came."""
    named = (call["MultipartUpload"] or {}).get("Parts", [])
    if not named or not all("PartNumber" in part and "ETag" in part for part in named):
        raise MalformedXML(
            "CompleteMultipartUpload names at least one part, each with its number and its ETag."
        )
    made = uploads.complete_upload(
        acting=call.principal,
        upload=upload_of(call),
        parts=[(part["PartNumber"], part["ETag"]) for part in named],
        condition=Condition(call.get("IfMatch", ""), call.get("IfNoneMatch", "")),
        trace=call.trace,
    )
    location = f"/{call['Bucket']}/{call['Key']}"
    return {"Location": location, "Bucket": call["Bucket"], "Key": call["Key"], "ETag": f'"{made.etag}"'}


def abort_multipart_upload(call: Call) -> dict[str, Any]:
    """AbortMultipartUpload."""
    uploads.abort_upload(acting=call.principal, upload=upload_of(call))
    return {}


def upload_of(call: Call) -> MultipartUpload:
    """The upload that is named; raises NoSuchUpload."""
    return reads.upload_of(bucket_of(call), call["Key"], call["UploadId"])


def _source_range(text: str, size: int) -> tuple[int, int]:
    found = _SOURCE_RANGE.fullmatch(text) if text else None
    if text and found is None:
        raise InvalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last")
    start, end = (int(found[1]), int(found[2]) + 1) if found else (0, size)
    if not 0 <= start < end <= size and size:
        raise InvalidArgument("Range specified is not valid for source object")
    if end - start > _LARGEST_COPIED:
        raise EntityTooLarge(f"A part is copied of at most {_LARGEST_COPIED} bytes.")
    return start, end - start
