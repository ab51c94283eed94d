"""S3's lists: a bucket's objects in both versions, its uploads under way, and the parts of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

from console.api.call import Call
from console.api.operations.bucket_objects import sums_of
from console.api.operations.bucket_uploads import upload_of
from console.api.operations.buckets import bucket_of
from functions.models import Bucket, StoredObject
from functions.object_errors import InvalidArgument
from functions.queries import objects as reads
from functions.queries.objects import Listed

MOST_LISTED = 1000


def list_objects_v2(call: Call) -> dict[str, Any]:
    """ListObjectsV2. Its token is the last key or common prefix, in hex."""
    bucket, token, most = bucket_of(call), call.get("ContinuationToken", ""), _most(call, "MaxKeys")
    after = _after(token) if token else call.get("StartAfter", "").encode()
    page, written = _page(call, bucket, after, most), _writer(call)
    return {
        **_listing(call, bucket, page, most),
        "StartAfter": written(call["StartAfter"]) if call.get("StartAfter") else None,
        "ContinuationToken": token or None,
        "NextContinuationToken": page.last.hex() if page.more and most else None,
        "KeyCount": len(page.objects) + len(page.prefixes),
    }


def list_objects(call: Call) -> dict[str, Any]:
    """ListObjects, the first version: what it ends with is told only where there may be common prefixes."""
    bucket, marker, most = bucket_of(call), call.get("Marker", ""), _most(call, "MaxKeys")
    page, written = _page(call, bucket, marker.encode(), most), _writer(call)
    goes_on = page.more and most and call.get("Delimiter")
    return {
        **_listing(call, bucket, page, most),
        "Marker": written(marker),
        "NextMarker": written(page.last.decode()) if goes_on else None,
    }


def list_multipart_uploads(call: Call) -> dict[str, Any]:
    """ListMultipartUploads, by key and then by age."""
    call.refuse_given("Delimiter")
    bucket, most, written = bucket_of(call), _most(call, "MaxUploads"), _writer(call)
    key, upload = call.get("KeyMarker", ""), call.get("UploadIdMarker", "")
    after = _upload_id(upload) if key and upload else None
    rows = reads.uploads_from(bucket, prefix=call.get("Prefix", ""), key=key, upload=after)[: most + 1]
    shown, more = list(rows)[:most], len(rows) > most
    return {
        "Bucket": bucket.name,
        "KeyMarker": written(key),
        "UploadIdMarker": upload,
        "NextKeyMarker": written(shown[-1].name) if more and shown else None,
        "NextUploadIdMarker": str(shown[-1].pk) if more and shown else None,
        "Prefix": written(call.get("Prefix", "")),
        "MaxUploads": most,
        "EncodingType": call.get("EncodingType"),
        "IsTruncated": more and most > 0,
        "Uploads": [
            {
                "UploadId": str(row.pk),
                "Key": written(row.name),
                "Initiated": row.created_at,
                "StorageClass": "STANDARD",
            }
            for row in shown
        ],
    }


def list_parts(call: Call) -> dict[str, Any]:
    """ListParts."""
    after, most = call.get("PartNumberMarker", 0), min(call.get("MaxParts", MOST_LISTED), MOST_LISTED)
    if most < 1 or after < 0:
        raise InvalidArgument("Argument max-parts must be an integer between 1 and 2147483647")
    rows = list(upload_of(call).parts.filter(number__gt=after).order_by("number")[: most + 1])
    shown, more = rows[:most], len(rows) > most
    return {
        "Bucket": call["Bucket"],
        "Key": call["Key"],
        "UploadId": call["UploadId"],
        "PartNumberMarker": after,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": most,
        "IsTruncated": more,
        "StorageClass": "STANDARD",
        "Parts": [
            {
                "PartNumber": part.number,
                "LastModified": part.modified_at,
                "ETag": f'"{part.etag}"',
                "Size": part.size,
                **sums_of(part.sums),
            }
            for part in shown
        ],
    }


def _page(call: Call, bucket: Bucket, after: bytes, most: int) -> Listed:
    prefix, delimiter = call.get("Prefix", ""), call.get("Delimiter", "")
    return reads.objects_from(bucket, prefix=prefix, delimiter=delimiter, after=after, most=most)


def _listing(call: Call, bucket: Bucket, page: Listed, most: int) -> dict[str, Any]:
    """What both versions say."""
    written, delimiter = _writer(call), call.get("Delimiter", "")
    return {
        "Name": bucket.name,
        "Prefix": written(call.get("Prefix", "")),
        "Delimiter": written(delimiter) if delimiter else None,
        "MaxKeys": most,
        "IsTruncated": page.more and most > 0,
        "EncodingType": call.get("EncodingType"),
        "Contents": [_listed(row, written(row.name)) for row in page.objects],
        "CommonPrefixes": [{"Prefix": written(one)} for one in page.prefixes],
    }


def _listed(row: StoredObject, key: str) -> dict[str, Any]:
    return {
        "Key": key,
        "LastModified": row.modified_at,
        "ETag": f'"{row.etag}"',
        "Size": row.size,
        "StorageClass": "STANDARD",
    }


def _writer(call: Call) -> Callable[[str], str]:
    """How keys are written: encoded where that is asked for, since XML cannot hold all of them."""
    return (lambda text: quote(text, safe="/")) if call.get("EncodingType") == "url" else str


def _most(call: Call, name: str) -> int:
    most = min(call.get(name, MOST_LISTED), MOST_LISTED)
    if most < 0:
        wire = name[0].lower() + name[1:]
        raise InvalidArgument(f"Argument {wire} must be an integer between 0 and 2147483647")
    return int(most)


def _after(token: str) -> bytes:
    try:
        return bytes.fromhex(token)
    except ValueError:
        raise InvalidArgument("The continuation token provided is incorrect") from None


def _upload_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidArgument("Invalid uploadId marker") from None
