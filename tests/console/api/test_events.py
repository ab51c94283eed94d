"""How events are treated, loops, and runtime management, as an SDK reads them."""

from __future__ import annotations

from typing import Any

import pytest

from functions.models import Function
from tests.console.api.sdk import SDK, create, refused, settle

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


@pytest.fixture
def arn(sdk: SDK, principal) -> str:
    for name in ("hello", "listener"):
        create(sdk, name, Publish=True)
        settle(principal, name)
    return Function.objects.get(name="hello").arn


def configured(sdk: SDK, operation: str = "Put", **more: Any) -> dict[str, Any]:
    answer = sdk(f"{operation}FunctionEventInvokeConfig", FunctionName="hello", **more)
    answer.pop("LastModified")
    return answer


def test_event_invoke_configs_are_put_changed_listed_and_deleted(sdk: SDK, arn: str) -> None:
    listener = Function.objects.get(name="listener").arn
    empty = {"OnSuccess": {}, "OnFailure": {}}
    assert configured(sdk, MaximumRetryAttempts=0) == {
        "FunctionArn": f"{arn}:$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": empty,
    }
    chosen = {"OnFailure": {"Destination": listener}}
    changed = configured(sdk, "Update", MaximumEventAgeInSeconds=60, DestinationConfig=chosen)
    assert changed == {
        "FunctionArn": f"{arn}:$LATEST",
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnSuccess": {}, **chosen},
    }
    assert configured(sdk, "Get") == configured(sdk, "Get", Qualifier="$LATEST") == changed
    numbered = configured(sdk, MaximumRetryAttempts=1, Qualifier="1")
    assert numbered["FunctionArn"] == f"{arn}:1"
    assert configured(sdk, MaximumRetryAttempts=2)["DestinationConfig"] == empty
    first = sdk("ListFunctionEventInvokeConfigs", FunctionName="hello", MaxItems=1)
    rest = sdk("ListFunctionEventInvokeConfigs", FunctionName="hello", Marker=first["NextMarker"])
    pages = [*first["FunctionEventInvokeConfigs"], *rest["FunctionEventInvokeConfigs"]]
    assert [page["FunctionArn"] for page in pages] == [f"{arn}:$LATEST", f"{arn}:1"]
    assert "NextMarker" not in rest
    sdk("DeleteFunctionEventInvokeConfig", FunctionName="hello")
    gone = refused(lambda: configured(sdk, "Get"))
    assert (gone.status, gone.message) == (
        404,
        f"The function {arn}:$LATEST doesn't have an EventInvokeConfig",
    )
    assert refused(lambda: configured(sdk, "Update", MaximumRetryAttempts=1)).status == 404
    assert refused(lambda: sdk("DeleteFunctionEventInvokeConfig", FunctionName="hello")).status == 404


def test_event_invoke_configs_that_cannot_be(sdk: SDK, arn: str) -> None:
    nothing = refused(lambda: configured(sdk))
    assert nothing.message == "You must specify at least one of error handling or destination setting."
    assert refused(lambda: configured(sdk, MaximumRetryAttempts=3)).code == "ValidationException"
    assert refused(lambda: configured(sdk, MaximumEventAgeInSeconds=59)).code == "ValidationException"
    itself = refused(lambda: configured(sdk, DestinationConfig={"OnSuccess": {"Destination": arn}}))
    assert itself.message == "You can't specify the function as a destination for itself."
    topic = {"OnFailure": {"Destination": "arn:aws:sns:us-east-1:000000000001:t"}}
    refusal = refused(lambda: configured(sdk, DestinationConfig=topic))
    assert "only functions and queues are supported" in refusal.message
    assert refused(lambda: configured(sdk, MaximumRetryAttempts=1, Qualifier="9")).status == 404


def test_loops_end_unless_allowed(sdk: SDK, arn: str) -> None:
    assert sdk("GetFunctionRecursionConfig", FunctionName="hello") == {"RecursiveLoop": "Terminate"}
    assert sdk("PutFunctionRecursionConfig", FunctionName="hello", RecursiveLoop="Allow") == {
        "RecursiveLoop": "Allow"
    }
    assert sdk("GetFunctionRecursionConfig", FunctionName=arn) == {"RecursiveLoop": "Allow"}
    wrong = refused(lambda: sdk("PutFunctionRecursionConfig", FunctionName="hello", RecursiveLoop="Maybe"))
    assert wrong.code == "ValidationException"
    assert refused(lambda: sdk("GetFunctionRecursionConfig", FunctionName="nobody")).status == 404


def test_runtime_management_is_kept_by_qualifier(sdk: SDK, arn: str) -> None:
    def put(**more: Any) -> dict[str, Any]:
        return sdk("PutRuntimeManagementConfig", FunctionName="hello", **more)

    def get(**more: Any) -> dict[str, Any]:
        return sdk("GetRuntimeManagementConfig", FunctionName="hello", **more)

    assert get() == {"UpdateRuntimeOn": "Auto", "FunctionArn": arn}
    shown = sdk("GetFunctionConfiguration", FunctionName="hello")
    current = shown["RuntimeVersionConfig"]["RuntimeVersionArn"]
    manual = {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": current}
    assert put(Qualifier="1", **manual) == {**manual, "FunctionArn": f"{arn}:1"}
    assert (get(Qualifier="1")["UpdateRuntimeOn"], get()["UpdateRuntimeOn"]) == ("Manual", "Auto")
    assert put(UpdateRuntimeOn="FunctionUpdate")["UpdateRuntimeOn"] == get()["UpdateRuntimeOn"]
    for wrong in (
        {"UpdateRuntimeOn": "Manual"},
        {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": current[:-1]},
        {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": current},
    ):
        assert refused(lambda wrong=wrong: put(**wrong)).code == "InvalidParameterValueException"
    assert refused(lambda: put(UpdateRuntimeOn="Auto", Qualifier="9")).status == 404
