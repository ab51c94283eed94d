"""How a function's asynchronous events are treated: retries, age, destinations, and loops."""

from __future__ import annotations

from typing import Any

from console.api import describe
from console.api.call import Call
from functions.errors import InvalidParameterValue
from functions.models import EventInvokeConfig, Function
from functions.queries.pages import keyset_page
from functions.services import event_configs as services
from functions.services import functions as function_services

Output = dict[str, Any]
_LIMITS = {"MaximumRetryAttempts": "retries", "MaximumEventAgeInSeconds": "max_age_s"}
_ENDS = {"OnSuccess": "on_success", "OnFailure": "on_failure"}


def put_function_event_invoke_config(call: Call) -> Output:
    """Set retries, age and destinations; what is left out is AWS's default again."""
    function = call.function()
    row = services.put_event_config(acting=call.principal, **_target(call, function), **_values(call))
    return describe.event_config(function, row)


def update_function_event_invoke_config(call: Call) -> Output:
    """Change some of them."""
    function = call.function()
    row = services.update_event_config(acting=call.principal, **_target(call, function), **_values(call))
    return describe.event_config(function, row)


def get_function_event_invoke_config(call: Call) -> Output:
    """Those of a qualifier."""
    function = call.function()
    return describe.event_config(function, services.event_config(**_target(call, function)))


def list_function_event_invoke_configs(call: Call) -> Output:
    """Those of all qualifiers of a function."""
    function = call.function()
    rows = EventInvokeConfig.objects.filter(function=function)
    page = keyset_page(rows, order=["id"], marker=call.get("Marker", ""), size=call.page_size())
    return {
        "FunctionEventInvokeConfigs": [describe.event_config(function, row) for row in page.items],
        "NextMarker": page.next_marker or None,
    }


def delete_function_event_invoke_config(call: Call) -> Output:
    """Back to AWS's defaults."""
    function = call.function()
    services.delete_event_config(acting=call.principal, **_target(call, function))
    return {}


def get_function_recursion_config(call: Call) -> Output:
    """What becomes of a chain of calls that comes back again and again."""
    return {"RecursiveLoop": call.function().recursive_loop}


def put_function_recursion_config(call: Call) -> Output:
    """Let such chains go on, or end them after 16 calls."""
    function = call.function()
    function_services.set_recursive_loop(
        acting=call.principal, function=function, choice=call["RecursiveLoop"]
    )
    return {"RecursiveLoop": function.recursive_loop}


def _target(call: Call, function: Function) -> dict[str, Any]:
    return {"function": function, "qualifier": call.reference().qualifier}


def _values(call: Call) -> Output:
    values = {field: call[name] for name, field in _LIMITS.items() if name in call.parameters}
    destinations = call.get("DestinationConfig", {})
    for name, field in _ENDS.items():
        if name in destinations:
            values[field] = destinations[name].get("Destination", "")
    if not values and not destinations:
        raise InvalidParameterValue("You must specify at least one of error handling or destination setting.")
    return values
