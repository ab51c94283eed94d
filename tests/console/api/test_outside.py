"""Every operation of every service that is spoken and that Functory does not have says so, in its protocol and in words
that name it; all of them, from the models."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import Shape, StructureShape

from console.api.neighbour_table import OPERATIONS as NEIGHBOURS
from console.api.storage import OPERATIONS as STORAGE
from functions.snapshots import Principal
from tests.console.api.neighbours import NeighbourError, model_of, neighbour_of
from tests.console.api.storage import S3, S3Error

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
# Of buckets of another kind, and what a browser or another service calls.
ELSEWHERE = {"CreateSession", "ListDirectoryBuckets", "WriteGetObjectResponse", "SelectObjectContent"}


def enough(shape: Shape | None) -> dict[str, Any]:
    """What an operation needs to be addressed."""
    if not isinstance(shape, StructureShape):
        return {}
    simple = {
        "string": "x",
        "integer": 1,
        "long": 1,
        "boolean": True,
        "timestamp": 0,
        "blob": b"",
        "list": ["x"],
    }
    return {name: simple.get(shape.members[name].type_name, {}) for name in shape.required_members}


@pytest.mark.parametrize("service", ["sts", "iam", "logs", "events", "sqs", "secretsmanager"])
def test_a_neighbours_other_operations_say_that_they_are_not_there(
    service: str, principal: Principal
) -> None:
    call, told = neighbour_of(principal, service), {}
    others = [one for one in model_of(service).operation_names if f"{service}:{one}" not in NEIGHBOURS]
    assert others
    for name in others:
        try:
            told[name] = str(call(name))
        except NeighbourError as error:
            if (error.status, name in error.message) != (501, True) or "NotImplemented" not in error.code:
                told[name] = f"{error.status} {error.code} {error.message}"
    assert told == {}


def test_other_operations_of_s3_say_that_they_are_not_there(s3: S3, bucket: str) -> None:
    told = {}
    model = model_of("s3")
    others = [one for one in model.operation_names if one not in STORAGE and one not in ELSEWHERE]
    assert len(others) > 50
    for name in others:
        operation = model.operation_model(name)
        if operation.deprecated:
            continue
        given = {**enough(operation.input_shape), "Bucket": bucket}
        known = set(operation.input_shape.members) if operation.input_shape else set()
        try:
            told[name] = str(s3(name, **{key: value for key, value in given.items() if key in known}))
        except S3Error as error:
            if operation.http["method"] != "HEAD" and (error.status, error.code) != (501, "NotImplemented"):
                told[name] = f"{error.status} {error.code} {error.message}"
    assert told == {}
