"""The one tree of refusals: AWS's error type, HTTP status and message, and their JSON form. Knows no request;
the console renders the same errors as pages."""

from __future__ import annotations

import json
from collections.abc import Mapping


class FunctoryError(Exception):
    """A refusal that the caller is told. `code` is AWS's error type, `status` the HTTP status, `kind` whose
    fault it is; `reason` AWS's finer word where it has one; `field` the form field that is at fault; `query_code`
    what it is called in the query protocol, where a service that spoke it before is known by that to this day."""

    code = "ServiceException"
    query_code = ""
    status = 500
    kind = "Service"

    def __init__(self, message: str, *, field: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.reason = reason


class ServiceError(FunctoryError):
    """Functory's own failure."""


class ServiceUnavailable(FunctoryError):
    """A part that is needed does not answer; the same call may work in a moment."""

    code = "ServiceUnavailableException"
    status = 503


class DiskFull(ServiceUnavailable):
    """There is no room to store what was asked for. See `outages`, which knows one and words it."""


class Unsupported(FunctoryError):
    """An operation or setting of AWS that Functory does not have."""

    code = "InvalidParameterValueException"
    status = 400
    kind = "User"


class UnknownOperation(FunctoryError):
    """No operation has this address."""

    code = "UnknownOperationException"
    status = 404
    kind = "User"


class ResourceNotFound(FunctoryError):
    """It does not exist, or the caller may not know that it does."""

    code = "ResourceNotFoundException"
    status = 404
    kind = "User"


class InvalidParameterValue(FunctoryError):
    """A value that the operation cannot take."""

    code = "InvalidParameterValueException"
    status = 400
    kind = "User"


class InvalidZipFile(InvalidParameterValue):
    """An upload that is no zip, or one that may not be unpacked."""


class InvalidRuntime(InvalidParameterValue):
    """A runtime that Functory does not have."""


class Validation(FunctoryError):
    """Parameters that break a constraint of the service model."""

    code = "ValidationException"
    status = 400
    kind = "User"


class Serialization(FunctoryError):
    """A member of the wrong JSON type."""

    code = "SerializationException"
    status = 400
    kind = "User"


class InvalidRequestContent(FunctoryError):
    """A body that is not the JSON it has to be."""

    code = "InvalidRequestContentException"
    status = 400
    kind = "User"


class RequestTooLarge(FunctoryError):
    """A payload over the limit of its invocation type."""

    code = "RequestTooLargeException"
    status = 413
    kind = "User"


class MethodNotAllowed(FunctoryError):
    """The address exists, and is not asked in this way."""

    code = "MethodNotAllowedException"
    status = 405
    kind = "User"


class ResourceConflict(FunctoryError):
    """It exists already, or its state does not allow the operation."""

    code = "ResourceConflictException"
    status = 409
    kind = "User"


class UnresolvedSecret(FunctoryError):
    """A function's environment refers to a secret that cannot be had. The nearest that AWS's Invoke has is the
    error of an environment that cannot be decrypted."""

    code = "KMSNotFoundException"
    status = 502


class PreconditionFailed(FunctoryError):
    """It was changed since the caller read it."""

    code = "PreconditionFailedException"
    status = 412
    kind = "User"


class PolicyLengthExceeded(FunctoryError):
    """A resource policy over AWS's limit."""

    code = "PolicyLengthExceededException"
    status = 400
    kind = "User"


class CodeVerificationFailed(FunctoryError):
    """Stored code is not what its hash says."""

    code = "CodeVerificationFailedException"
    status = 400
    kind = "User"


class TooManyRequests(FunctoryError):
    """Throttled; `reason` is one of AWS's ThrottleReason values."""

    code = "TooManyRequestsException"
    status = 429
    kind = "User"


class RecursiveInvocation(FunctoryError):
    """A chain of calls that came back too often."""

    code = "RecursiveInvocationException"
    status = 400
    kind = "User"


class ProvisionedConcurrencyNotFound(FunctoryError):
    """No provisioned concurrency is configured for a qualifier."""

    code = "ProvisionedConcurrencyConfigNotFoundException"
    status = 404
    kind = "User"


class AccessDenied(FunctoryError):
    """The caller is known but may not do this."""

    code = "AccessDeniedException"
    status = 403
    kind = "User"


class InvalidSignature(FunctoryError):
    """The signature is not the one computed."""

    code = "InvalidSignatureException"
    status = 403
    kind = "User"


class IncompleteSignature(FunctoryError):
    """An Authorization header that cannot be read."""

    code = "IncompleteSignatureException"
    status = 403
    kind = "User"


class UnrecognizedClient(FunctoryError):
    """An access key that does not exist, is revoked or has expired."""

    code = "UnrecognizedClientException"
    status = 403
    kind = "User"


class MissingAuthenticationToken(FunctoryError):
    """A call without a signature."""

    code = "MissingAuthenticationTokenException"
    status = 403
    kind = "User"


class ExpiredToken(FunctoryError):
    """A ticket or presigned address past its time."""

    code = "ExpiredTokenException"
    status = 403
    kind = "User"


class NotImplementedHere(FunctoryError):
    """An operation of one of Lambda's neighbours that Functory does not have."""

    code = "NotImplementedException"
    status = 501


class InvalidParameter(FunctoryError):
    """What CloudWatch Logs calls any parameter that it cannot take."""

    code = "InvalidParameterException"
    status = 400
    kind = "User"


class InvalidRequest(FunctoryError):
    """What Secrets Manager calls an operation that the secret's state, or Functory, does not allow."""

    code = "InvalidRequestException"
    status = 400
    kind = "User"


class ResourceExists(FunctoryError):
    """A secret of that name is there already."""

    code = "ResourceExistsException"
    status = 400
    kind = "User"


class ResourceAlreadyExists(FunctoryError):
    """A log group or stream of that name is there already."""

    code = "ResourceAlreadyExistsException"
    status = 400
    kind = "User"


class InvalidEventPattern(FunctoryError):
    """A pattern that EventBridge does not take."""

    code = "InvalidEventPatternException"
    status = 400
    kind = "User"


class NoSuchEntity(FunctoryError):
    """What IAM calls a role or policy that does not exist."""

    code = "NoSuchEntityException"
    status = 404
    kind = "User"


class EntityAlreadyExists(FunctoryError):
    """A role or policy of that name is there already."""

    code = "EntityAlreadyExistsException"
    status = 409
    kind = "User"


class DeleteConflict(FunctoryError):
    """A role or policy that is in use."""

    code = "DeleteConflictException"
    status = 409
    kind = "User"


class LimitExceeded(FunctoryError):
    """More roles, policies or bytes of them than IAM's quotas allow."""

    code = "LimitExceededException"
    status = 409
    kind = "User"


class MalformedPolicyDocument(FunctoryError):
    """A policy that cannot be one."""

    code = "MalformedPolicyDocumentException"
    status = 400
    kind = "User"


def stale_revision() -> PreconditionFailed:
    """The API's RevisionId is not that of the latest revision."""
    return PreconditionFailed(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
        "retrieve the latest Revision Id"
    )


def unresolved_secret(reason: str) -> UnresolvedSecret:
    """What calls of the function are answered until it is mended."""
    return UnresolvedSecret(
        f"Functory was unable to resolve the environment variables: {reason} Deploy the function with a reference "
        "that holds, or create the secret.",
        field="environment",
    )


def still_pending() -> ResourceConflict:
    """What a function that is being created answers to changes and calls."""
    return ResourceConflict(
        "The operation cannot be performed at this time. The function is currently in the following state: "
        "Pending"
    )


def update_in_progress(arn: str) -> ResourceConflict:
    """What a function that is being changed answers to the next change."""
    return ResourceConflict(
        f"The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    )


def error_body(error: FunctoryError) -> bytes:
    """The JSON body that an AWS SDK reads. The model's error shapes spell the member `message` or `Message`, and so
    do the programs that read it: both are there."""
    document = {"Type": error.kind, "Message": error.message, "message": error.message}
    if error.reason:
        document["Reason"] = error.reason
    return json.dumps(document).encode()


def error_headers(error: FunctoryError, request_id: str) -> Mapping[str, str]:
    """The headers that an AWS SDK reads an error by."""
    return {
        "Content-Type": "application/json",
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": error.code,
    }
