"""S3's operations on whole objects: put, read by range and condition, copied, deleted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from console.api.call import Call
from console.api.operations.buckets import bucket_of, refuse_public
from console.api.permits import check_permitted
from functions.errors import FunctoryError, NotImplementedHere
from functions.models import StoredObject
from functions.object_errors import (
    InvalidArgument,
    InvalidRange,
    MalformedXML,
    NotModified,
    ObjectPreconditionFailed,
    code_of,
)
from functions.object_files import slices_of
from functions.queries import objects as reads
from functions.services import objects
from functions.services.objects import Condition, Description

# Headers that are kept and come back, and the parameters by which a reader has others in their place.
HEADERS = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires",
)  # fmt: skip
DEFAULT_TYPE = "binary/octet-stream"
MOST_DELETED = 1000
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_UNTAKEN = (
    "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", "SSECustomerAlgorithm", "SSECustomerKey",
    "ServerSideEncryption", "SSEKMSKeyId", "Tagging", "ObjectLockMode", "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus", "WebsiteRedirectLocation", "WriteOffsetBytes", "VersionId",
)  # fmt: skip


def put_object(call: Call) -> dict[str, Any]:
    """PutObject."""
    check_taken(call)
    body = call["Body"]
    made = objects.put_object(
        acting=call.principal,
        bucket=bucket_of(call),
        key=call["Key"],
        body=body.pieces(),
        description=description_of(call),
        md5=body.md5,
        sums=body.sums,
        condition=Condition(call.get("IfMatch", ""), call.get("IfNoneMatch", "")),
        trace=call.trace,
    )
    return {"ETag": f'"{made.etag}"', **sums_of(made.sums)}


def get_object(call: Call) -> dict[str, Any]:
    """GetObject: Body are slices of files, which the gateway sends."""
    found = _read(call)
    start, length = found.pop("_range")
    found["Body"] = slices_of(found.pop("_row").pieces, start, length)
    return found


def head_object(call: Call) -> dict[str, Any]:
    """HeadObject."""
    found = _read(call)
    del found["_range"], found["_row"]
    return found


def copy_object(call: Call) -> dict[str, Any]:
    """CopyObject, within the project."""
    check_taken(call, "TaggingDirective")
    call.refuse_given("CopySourceIfModifiedSince", "CopySourceIfUnmodifiedSince", "CopySourceSSECustomerKey")
    source = source_of(call)
    wanted = Condition(call.get("CopySourceIfMatch", ""), call.get("CopySourceIfNoneMatch", ""))
    objects.check_condition(source, wanted)
    replaces = call.get("MetadataDirective", "COPY") == "REPLACE"
    bucket = bucket_of(call)
    if not replaces and source.bucket_id == bucket.pk and source.name == call["Key"]:
        raise InvalidArgument(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata."
        )
    made = objects.copy_object(
        acting=call.principal,
        source=source,
        bucket=bucket,
        key=call["Key"],
        description=description_of(call) if replaces else None,
        trace=call.trace,
    )
    return {"CopyObjectResult": {"ETag": f'"{made.etag}"', "LastModified": made.modified_at}}


def delete_object(call: Call) -> dict[str, Any]:
    """DeleteObject."""
    call.refuse_given("IfMatch", "IfMatchLastModifiedTime", "IfMatchSize")
    _check_version(call.get("VersionId"))
    objects.delete_objects(
        acting=call.principal, bucket=bucket_of(call), keys=[call["Key"]], trace=call.trace
    )
    return {}


def delete_objects(call: Call) -> dict[str, Any]:
    """DeleteObjects: each key by its own right."""
    asked = call["Delete"] or {}
    keys = [one.get("Key", "") for one in asked.get("Objects", [])]
    if not 1 <= len(keys) <= MOST_DELETED or not all(keys):
        raise MalformedXML(f"DeleteObjects takes 1 to {MOST_DELETED} keys.")
    bucket = bucket_of(call)
    for one in asked["Objects"]:
        _check_version(one.get("VersionId"))
    errors = [error for key in dict.fromkeys(keys) if (error := _unpermitted(call, key)) is not None]
    refused = {error["Key"] for error in errors}
    permitted = [key for key in dict.fromkeys(keys) if key not in refused]
    objects.delete_objects(acting=call.principal, bucket=bucket, keys=permitted, trace=call.trace)
    quiet = asked.get("Quiet", False)
    return {"Deleted": None if quiet else [{"Key": key} for key in permitted], "Errors": errors}


def _unpermitted(call: Call, key: str) -> dict[str, Any] | None:
    try:
        check_permitted(replace(call, parameters={"Bucket": call["Bucket"], "Key": key}), "s3:DeleteObject")
    except FunctoryError as error:
        return {"Key": key, "Code": code_of(error)[0], "Message": error.message}
    return None


def source_of(call: Call) -> StoredObject:
    """The object that CopySource names, if the caller may read it."""
    named, _, version = call["CopySource"].partition("?versionId=")
    _check_version(version)
    bucket, _, key = unquote(named).removeprefix("/").partition("/")
    reading = replace(call, parameters={"Bucket": bucket, "Key": key})
    check_permitted(reading, "s3:GetObject")
    return reads.object_at(bucket_of(reading), key)


def description_of(call: Call) -> Description:
    """Headers and metadata of a request that makes an object."""
    kept = {name: call[name] for name in HEADERS if call.get(name)}
    codings = [one.strip() for one in kept.pop("ContentEncoding", "").split(",")]
    left = ",".join(one for one in codings if one and one != "aws-chunked")
    headers = {"ContentType": DEFAULT_TYPE, **kept, **({"ContentEncoding": left} if left else {})}
    return Description(headers, call.get("Metadata", {}))


def check_taken(call: Call, *more: str) -> None:
    """Raises NotImplementedHere for what an object cannot be given here."""
    call.refuse_given(*_UNTAKEN, *more)
    refuse_public(call)
    if call.get("StorageClass", "STANDARD") != "STANDARD":
        raise NotImplementedHere("Functory has the storage class STANDARD alone.")


def sums_of(sums: Mapping[str, str]) -> dict[str, str]:
    """Checksums as members of an answer."""
    return {f"Checksum{name}": value for name, value in sums.items()}


def _read(call: Call) -> dict[str, Any]:
    """What GetObject and HeadObject tell, with the row and the range that are read."""
    call.refuse_given("SSECustomerKey", "SSECustomerAlgorithm")
    _check_version(call.get("VersionId"))
    if call.get("PartNumber", 1) != 1:
        raise NotImplementedHere("PartNumber is not implemented by Functory: read by Range.")
    row = reads.object_at(bucket_of(call), call["Key"])
    _check_conditions(row, call)
    start, length = _range(call.get("Range", ""), row.size)
    whole = length == row.size
    instead = {name: call.get(f"Response{name}") for name in HEADERS}
    summed = sums_of(row.sums) if whole and call.get("ChecksumMode") == "ENABLED" else {}
    return {
        **row.headers,
        **{name: value for name, value in instead.items() if value},
        "Metadata": row.metadata,
        "ETag": f'"{row.etag}"',
        "LastModified": row.modified_at,
        "AcceptRanges": "bytes",
        "ContentLength": length,
        "ContentRange": None if whole else f"bytes {start}-{start + length - 1}/{row.size}",
        **summed,
        "_range": (start, length),
        "_row": row,
    }


def _check_conditions(row: StoredObject, call: Call) -> None:
    """In the order of RFC 9110, 13.2.2; raises ObjectPreconditionFailed or NotModified."""
    modified = row.modified_at.replace(microsecond=0)
    if match := call.get("IfMatch"):
        holds = _names(match, row.etag)
    else:
        holds = modified <= _moment(call.get("IfUnmodifiedSince"), datetime.max.replace(tzinfo=UTC))
    if not holds:
        raise ObjectPreconditionFailed("At least one of the pre-conditions you specified did not hold")
    if none_match := call.get("IfNoneMatch"):
        fresh = _names(none_match, row.etag)
    else:
        fresh = modified <= _moment(call.get("IfModifiedSince"), modified - timedelta(seconds=1))
    if fresh:
        raise NotModified("Not Modified")


def _names(tags: str, etag: str) -> bool:
    return bool({"*", etag} & {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")})


def _moment(text: str | None, otherwise: datetime) -> datetime:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else otherwise
    except ValueError:
        return otherwise


def _range(text: str, size: int) -> tuple[int, int]:
    """Start and length; a range that cannot be read is none, as in RFC 9110. Raises InvalidRange."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        length = min(int(found[2]), size)
        start = size - length
    else:
        start = int(found[1])
        length = (min(int(found[2]), size - 1) if found[2] else size - 1) - start + 1
        if found[2] and int(found[2]) < start:
            return 0, size
    if start >= size or length <= 0:
        raise InvalidRange("The requested range is not satisfiable")
    return start, length


def _check_version(version: str | None) -> None:
    if version and version != "null":
        raise NotImplementedHere("Functory keeps no versions of objects.")
