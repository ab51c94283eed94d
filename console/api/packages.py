"""The zip that an operation is given: in the request itself, or as an object of a bucket. Knows no function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from console.api.call import Call
from console.api.operations.buckets import bucket_of
from console.api.permits import check_permitted
from functions.errors import AccessDenied, FunctoryError, InvalidParameterValue, RequestTooLarge, Unsupported
from functions.installation import object_files
from functions.limits import MB, ZIP
from functions.models import StoredObject
from functions.object_errors import NoSuchKey, StorageError, code_of
from functions.object_files import slices_of
from functions.queries.objects import object_at

_FROM_BUCKET = ("S3Bucket", "S3Key")


def package_of(call: Call, code: Mapping[str, Any]) -> bytes | None:
    """The zip of FunctionCode, LayerVersionContentInput or UpdateFunctionCode; None when there is none. Raises
    InvalidParameterValue, AccessDenied where the caller may not read the object, and RequestTooLarge."""
    named = [name for name in _FROM_BUCKET if name in code]
    if not named:
        data: bytes | None = code.get("ZipFile")
        return data
    if "ZipFile" in code:
        raise InvalidParameterValue(
            "Please do not provide other FunctionCode parameters when providing a ZipFile."
        )
    if len(named) < len(_FROM_BUCKET):
        raise InvalidParameterValue("S3Bucket and S3Key are needed both: they name one object.")
    _check_settings(code)
    return _stored(call, code)


def _check_settings(code: Mapping[str, Any]) -> None:
    if code.get("S3ObjectVersion", "null") != "null":
        raise Unsupported(
            "S3ObjectVersion is not supported by Functory: its buckets keep no versions. Leave it out."
        )
    if code.get("S3ObjectStorageMode", "COPY") != "COPY":
        raise Unsupported("S3ObjectStorageMode is COPY alone: code is kept when it is taken.")


def _stored(call: Call, code: Mapping[str, Any]) -> bytes:
    reading = replace(call, parameters={"Bucket": code["S3Bucket"], "Key": code["S3Key"]})
    try:
        check_permitted(reading, "s3:GetObject")
        found = object_at(bucket_of(reading), code["S3Key"])
        return _bytes_of(found)
    except AccessDenied as error:
        raise AccessDenied(
            "Your access has been denied by S3, please make sure your request credentials have permission to "
            f"GetObject for {code['S3Bucket']}/{code['S3Key']}. {_told(error)}"
        ) from None
    except StorageError as error:
        raise InvalidParameterValue(f"Error occurred while GetObject. {_told(error)}") from None


def _bytes_of(found: StoredObject) -> bytes:
    if found.size > ZIP:
        raise RequestTooLarge(
            f"A zip has at most {ZIP // MB} MB ({ZIP} bytes); this one has {found.size} bytes."
        )
    try:
        return b"".join(object_files().read(slices_of(found.pieces, 0, found.size)))
    except FileNotFoundError:
        raise NoSuchKey("The specified key does not exist.") from None  # replaced a moment ago


def _told(error: FunctoryError) -> str:
    return f"S3 Error Code: {code_of(error)[0]}. S3 Error Message: {error.message}"
