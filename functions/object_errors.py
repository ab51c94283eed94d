"""What S3 refuses, in its own words, and how its XML tells any refusal.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

from __future__ import annotations

from collections.abc import Mapping

from functions.errors import FunctoryError


class StorageError(FunctoryError):
    """A refusal of the object storage."""

    kind = "User"
    status = 400


class NoSuchBucket(StorageError):
    """No bucket of that name."""

    code, status = "NoSuchBucket", 404


class NoSuchKey(StorageError):
    """No object under that key."""

    code, status = "NoSuchKey", 404


class NoSuchUpload(StorageError):
    """No multipart upload of that id, or it was completed or aborted."""

    code, status = "NoSuchUpload", 404


class BucketAlreadyOwnedByYou(StorageError):
    """The project has a bucket of that name."""

    code, status = "BucketAlreadyOwnedByYou", 409


class BucketNotEmpty(StorageError):
    """A bucket with objects is not deleted."""

    code, status = "BucketNotEmpty", 409


class TooManyBuckets(StorageError):
    """The project has as many as it may."""

    code = "TooManyBuckets"


class InvalidBucketName(StorageError):
    """A name that S3 does not take."""

    code = "InvalidBucketName"


class InvalidArgument(StorageError):
    """A value that the operation cannot take."""

    code = "InvalidArgument"


class InvalidRange(StorageError):
    """A range beyond the object's end."""

    code, status = "InvalidRange", 416


class InvalidPart(StorageError):
    """A part that was not uploaded, or with another ETag."""

    code = "InvalidPart"


class InvalidPartOrder(StorageError):
    """Parts that do not ascend."""

    code = "InvalidPartOrder"


class EntityTooSmall(StorageError):
    """A part, not the last, of less than 5 MB."""

    code = "EntityTooSmall"


class EntityTooLarge(StorageError):
    """More than an object, a part or the project may hold."""

    code = "EntityTooLarge"


class KeyTooLong(StorageError):
    """A key of more than 1,024 bytes."""

    code = "KeyTooLongError"


class BadDigest(StorageError):
    """The body is not what its checksum says."""

    code = "BadDigest"


class ObjectPreconditionFailed(StorageError):
    """If-Match or If-None-Match does not hold."""

    code, status = "PreconditionFailed", 412


class NotModified(StorageError):
    """If-None-Match names what is there."""

    code, status = "NotModified", 304


class MalformedXML(StorageError):
    """A body that is not the XML it has to be."""

    code = "MalformedXML"


# What the rest of Functory refuses, as S3 calls it.
_CODES: Mapping[str, tuple[str, int]] = {
    "AccessDeniedException": ("AccessDenied", 403),
    "UnrecognizedClientException": ("InvalidAccessKeyId", 403),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "IncompleteSignatureException": ("AuthorizationHeaderMalformed", 400),
    "MissingAuthenticationTokenException": ("AccessDenied", 403),
    "ExpiredTokenException": ("AccessDenied", 403),
    "NotImplementedException": ("NotImplemented", 501),
    "ValidationException": ("InvalidArgument", 400),
    "SerializationException": ("InvalidArgument", 400),
    "InvalidRequestContentException": ("InvalidRequest", 400),
    "UnknownOperationException": ("MethodNotAllowed", 405),
    "RequestEntityTooLargeException": ("EntityTooLarge", 400),
    "ServiceUnavailableException": ("ServiceUnavailable", 503),
    "ServiceException": ("InternalError", 500),
}


def code_of(error: FunctoryError) -> tuple[str, int]:
    """The error's code and HTTP status in S3's words."""
    return _CODES.get(error.code, (error.code, error.status))
