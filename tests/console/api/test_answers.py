"""One call of every operation that is served: the raw answer has nothing that the model does not know, nothing null,
nothing of another type; and an operation that is not served says so in AWS's shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse

from console.api.model import lambda_model
from console.api.table import OPERATIONS
from functions.models import Project
from functions.snapshots import Principal
from tests.console.api.calls import CALLS, addressed, answer, make_world, undone
from tests.console.api.shapes import unknown

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
# The gateway answers these itself; tests/contract_api calls them.
GATEWAYS = {"Invoke", "InvokeWithResponseStream"}


def test_every_operation_that_is_served_is_called_here() -> None:
    assert set(CALLS) == set(OPERATIONS)


def test_no_answer_has_what_the_model_does_not_know(project: Project, principal: Principal) -> None:
    world, wrong = make_world(project, principal), {}
    for name in sorted(CALLS):
        with undone():
            response = answer(name, {**CALLS[name], **addressed(name, world)}, principal)
        if faults := faults_of(name, response):
            wrong[name] = faults
    assert wrong == {}


def faults_of(name: str, response: HttpResponse) -> list[str]:
    """What is wrong with an operation's answer."""
    operation = next(one for one in lambda_model().operations if one.name == name)
    expected = 204 if name == "DeleteFunction" else operation.status
    if response.status_code != expected or not response["x-amzn-RequestId"]:
        return [f"{response.status_code} {response.content!r}"]
    if expected == 204:
        return [repr(response.content)] if response.content else []
    shown = json.loads(response.content)
    required = {
        member
        for member in (operation.output.required_members if operation.output else [])
        if "location" not in operation.output.members[member].serialization
    }
    # Without a configuration AWS leaves out what its model calls required.
    missed = required - set(shown) if name != "GetFunctionCodeSigningConfig" else set()
    return [*unknown(operation.output, shown), *(f"{member} is missing" for member in sorted(missed))]


def arguments(name: str) -> dict[str, Any]:
    """Enough to address an operation."""
    shape = lambda_model().service.operation_model(name).input_shape
    members = shape.members.items() if shape else ()
    values = {"integer": 1, "long": 1, "boolean": True, "structure": {}, "list": [], "map": {}, "blob": b""}
    return {
        key: values.get(member.type_name, "x")
        for key, member in members
        if key in shape.required_members and member.type_name != "timestamp"
    }


def test_an_operation_that_is_not_served_says_so_in_awss_shape(principal: Principal) -> None:
    others = {one.name for one in lambda_model().operations} - set(OPERATIONS) - GATEWAYS
    assert len(others) > 20
    for name in sorted(others):
        response = answer(name, arguments(name), principal)
        body = json.loads(response.content)
        words = f"{name} is not supported by Functory yet."
        assert (response.status_code, body) == (400, {"Type": "User", "Message": words, "message": words})
        assert response["x-amzn-ErrorType"] == "InvalidParameterValueException"
        assert response["x-amzn-RequestId"]
