"""Runtime management: what an installation with one image of each runtime can promise."""

from __future__ import annotations

from typing import Any

from console.api.call import Call
from console.api.operations.functions import configuration_of
from functions.errors import InvalidParameterValue
from functions.models import Function
from functions.naming import is_latest
from functions.services import functions as services
from functions.states import LATEST

Output = dict[str, Any]
_AUTO = {"UpdateRuntimeOn": "Auto"}


def get_runtime_management_config(call: Call) -> Output:
    """When the runtime of $LATEST or of a version changes; Auto unless set."""
    function, qualifier, shown = _found(call)
    return {**function.runtime_updates.get(qualifier, _AUTO), "FunctionArn": shown["FunctionArn"]}


def put_runtime_management_config(call: Call) -> Output:
    """Keep the choice. Manual must name the runtime version that there is."""
    function, qualifier, shown = _found(call)
    choice = {"UpdateRuntimeOn": call["UpdateRuntimeOn"]}
    arn, current = call.get("RuntimeVersionArn"), shown["RuntimeVersionConfig"]["RuntimeVersionArn"]
    if choice["UpdateRuntimeOn"] == "Manual":
        if not arn:
            raise InvalidParameterValue(
                "RuntimeVersionArn is mandatory when UpdateRuntimeOn is set to Manual."
            )
        if arn != current:
            raise InvalidParameterValue(f"Runtime version {arn} does not exist: this runtime is {current}.")
        choice["RuntimeVersionArn"] = arn
    elif arn:
        raise InvalidParameterValue("RuntimeVersionArn is only supported when UpdateRuntimeOn is Manual.")
    services.set_runtime_updates(acting=call.principal, function=function, qualifier=qualifier, choice=choice)
    return {**choice, "FunctionArn": shown["FunctionArn"]}


def _found(call: Call) -> tuple[Function, str, Output]:
    function, qualifier = call.function(), call.reference().qualifier
    qualifier = LATEST if is_latest(qualifier) else qualifier
    if qualifier != LATEST and not qualifier.isdecimal():
        raise InvalidParameterValue("A runtime belongs to $LATEST or to a version, not to an alias.")
    return function, qualifier, configuration_of(function, "" if qualifier == LATEST else qualifier)
