"""Provisioned concurrency as an SDK reads it; how many sandboxes run is the stand-in gateway's word."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import F

from console.api.operations import provisions
from functions.models import Function, ProvisionedConcurrency
from tests.console.api.sdk import SDK, create, refused, settle

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
ONE = {"FunctionName": "hello", "Qualifier": "prod"}


@pytest.fixture
def function(sdk: SDK, principal) -> Function:
    create(sdk, Publish=True)
    settle(principal)
    sdk("CreateAlias", FunctionName="hello", Name="prod", FunctionVersion="1")
    return Function.objects.select_related("project").get()


@pytest.fixture
def running(function: Function, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Sandboxes that the gateway has; a test adds to them."""
    found: list[Any] = [SimpleNamespace(function_id="another", version="1")]

    class Client:
        def __init__(self, _config: Any) -> None: ...

        def __enter__(self) -> Client:
            return self

        def __exit__(self, *_: object) -> None: ...

        def sandboxes(self) -> Any:
            return SimpleNamespace(sandboxes=found)

    monkeypatch.setattr(provisions, "GatewayClient", Client)
    return found


def put(sdk: SDK, count: int = 2, **more: Any) -> dict[str, Any]:
    wanted = {"ProvisionedConcurrentExecutions": count}
    return sdk("PutProvisionedConcurrencyConfig", **{**ONE, **wanted, **more})


def counts(answer: dict[str, Any]) -> tuple[int, int, int, str]:
    kinds = ("Requested", "Allocated", "Available")
    numbers = [answer[f"{kind}ProvisionedConcurrentExecutions"] for kind in kinds]
    return (*numbers, answer["Status"])


def test_it_is_in_progress_until_the_sandboxes_run(sdk: SDK, function: Function, running: list[Any]) -> None:
    assert counts(put(sdk)) == (2, 0, 0, "IN_PROGRESS")
    sandbox = SimpleNamespace(function_id=str(function.pk), version="1")
    running += [sandbox, SimpleNamespace(function_id=str(function.pk), version="$LATEST")]
    assert counts(sdk("GetProvisionedConcurrencyConfig", **ONE)) == (2, 1, 1, "IN_PROGRESS")
    running += [sandbox, sandbox]
    assert counts(sdk("GetProvisionedConcurrencyConfig", **ONE)) == (2, 2, 2, "READY")
    [listed] = sdk("ListProvisionedConcurrencyConfigs", FunctionName="hello")["ProvisionedConcurrencyConfigs"]
    assert (listed["FunctionArn"], listed["Status"]) == (f"{function.arn}:prod", "READY")
    for _ in range(2):
        sdk("DeleteProvisionedConcurrencyConfig", **ONE)
    gone = refused(lambda: sdk("GetProvisionedConcurrencyConfig", **ONE))
    assert (gone.status, gone.code) == (404, "ProvisionedConcurrencyConfigNotFoundException")
    assert (
        sdk("ListProvisionedConcurrencyConfigs", FunctionName="hello")["ProvisionedConcurrencyConfigs"] == []
    )


def test_what_cannot_be_started_is_said_in_the_end(sdk: SDK, running: list[Any]) -> None:
    put(sdk)
    ProvisionedConcurrency.objects.update(changed_at=F("changed_at") - provisions.PATIENCE)
    shown = sdk("GetProvisionedConcurrencyConfig", **ONE)
    assert counts(shown) == (2, 0, 0, "FAILED")
    assert "Not all sandboxes could be started" in shown["StatusReason"]


def test_without_a_gateway_none_is_ready(sdk: SDK, function: Function) -> None:
    put(sdk)
    assert counts(sdk("GetProvisionedConcurrencyConfig", **ONE)) == (2, 0, 0, "IN_PROGRESS")


def test_what_aws_refuses(sdk: SDK, function: Function) -> None:
    latest = refused(lambda: put(sdk, Qualifier="$LATEST"))
    assert latest.message == (
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
    )
    assert refused(lambda: put(sdk, Qualifier="9")).status == 404
    assert refused(lambda: put(sdk, 0)).code == "ValidationException"
    assert refused(lambda: put(sdk, 2**40)).code == "InvalidParameterValueException"
    put(sdk)
    assert refused(lambda: put(sdk, Qualifier="1")).code == "ResourceConflictException"
