"""The tree of refusals, as an AWS SDK reads it."""

import json

import pytest

from functions import errors, object_errors, queue_errors
from functions.errors import FunctoryError, TooManyRequests, error_body, error_headers
from functions.object_errors import NotModified

OWN_NAMES = {object_errors.__name__, queue_errors.__name__}


def every_error(base=FunctoryError):
    yield base
    for child in base.__subclasses__():
        yield from every_error(child)


@pytest.mark.parametrize("kind", sorted(set(every_error()), key=lambda kind: kind.__name__))
def test_each_has_a_code_a_status_and_a_fault(kind):
    error = kind("why", field="name")
    # Queues and buckets have names of their own, and one of these is an answer without a body.
    assert 400 <= error.status < 600 or (kind is NotModified and error.status == 304)
    assert error.kind == ("User" if error.status < 500 else "Service")
    assert error.code.endswith("Exception") or kind.__module__ in OWN_NAMES
    assert (error.message, error.field, str(error)) == ("why", "name", "why")
    body = json.loads(error_body(error))
    assert body == {"Type": error.kind, "Message": "why", "message": "why"}
    assert error_headers(error, "id")["x-amzn-ErrorType"] == error.code


def test_a_reason_is_told():
    body = json.loads(
        error_body(TooManyRequests("slow down", reason="ReservedFunctionConcurrentInvocationLimitExceeded"))
    )
    assert body["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_the_names_that_aws_has():
    assert errors.ResourceNotFound("x").code == "ResourceNotFoundException"
    assert errors.RequestTooLarge("x").status == 413
