"""Provisioned concurrency: asked for here, kept by the gateway, which says how many are ready."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from console.api import describe
from console.api.call import Call
from console.api.operations.functions import configuration_of
from functions.models import Function, ProvisionedConcurrency
from functions.queries.pages import keyset_page
from functions.services import provisions as services
from runner.client import GatewayClient, GatewayDown, GatewayRefused

Output = dict[str, Any]
# After so long something stands in the way: the gateway tries on, and the caller is told.
PATIENCE = timedelta(seconds=120)


def put_provisioned_concurrency_config(call: Call) -> Output:
    """Keep so many sandboxes of a version or an alias ready; none is at once."""
    function = call.function()
    row = services.put_provision(
        acting=call.principal,
        function=function,
        qualifier=call.reference().qualifier,
        requested=call["ProvisionedConcurrentExecutions"],
    )
    return _described(row, 0)


def get_provisioned_concurrency_config(call: Call) -> Output:
    """What was asked for and what is ready."""
    function, qualifier = call.function(), call.reference().qualifier
    shown = configuration_of(function, qualifier)
    row = services.provision_of(function, qualifier)
    return _described(row, _ready_counter(function)(shown["Version"]))


def list_provisioned_concurrency_configs(call: Call) -> Output:
    """All of a function."""
    function = call.function()
    rows = ProvisionedConcurrency.objects.filter(function=function)
    page = keyset_page(rows, order=["id"], marker=call.get("Marker", ""), size=call.page_size())
    ready = _ready_counter(function) if page.items else lambda _version: 0
    shown = []
    for row in page.items:
        version = configuration_of(function, row.qualifier)["Version"]
        arn = f"{function.arn}:{row.qualifier}"
        shown.append({"FunctionArn": arn, **_described(row, ready(version))})
    return {"ProvisionedConcurrencyConfigs": shown, "NextMarker": page.next_marker or None}


def delete_provisioned_concurrency_config(call: Call) -> Output:
    """Keep none ready; nothing to do where none was, as in AWS."""
    function, qualifier = call.function(), call.reference().qualifier
    configuration_of(function, qualifier)
    services.delete_provision(acting=call.principal, function=function, qualifier=qualifier)
    return {}


def _described(row: ProvisionedConcurrency, found: int) -> Output:
    ready = min(found, row.requested)
    answer: Output = {
        "RequestedProvisionedConcurrentExecutions": row.requested,
        "AvailableProvisionedConcurrentExecutions": ready,
        "AllocatedProvisionedConcurrentExecutions": ready,
        "Status": "READY" if ready == row.requested else "IN_PROGRESS",
        "LastModified": describe.moment(row.changed_at),
    }
    if ready < row.requested and timezone.now() > row.changed_at + PATIENCE:
        answer["Status"] = "FAILED"
        answer["StatusReason"] = (
            "Not all sandboxes could be started: the function fails to start, or the machine has no room for them. "
            "Its log and the Sandboxes page say more; Functory tries on."
        )
    return answer


def _ready_counter(function: Function) -> Callable[[str], int]:
    """How many sandboxes of a version run now; none where the gateway does not answer."""
    try:
        with GatewayClient(settings.FUNCTORY) as client:
            running = client.sandboxes().sandboxes
    except (GatewayDown, GatewayRefused):
        running = []
    versions = [one.version for one in running if one.function_id == str(function.pk)]
    return versions.count
