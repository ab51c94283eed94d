"""How a qualifier's events are treated: set, changed and taken back."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from functions.errors import InvalidParameterValue, ResourceNotFound, Unsupported
from functions.models import EventInvokeConfig, Function
from functions.naming import is_latest, parse_reference
from functions.queries.access import live_functions
from functions.queries.event_configs import is_queue, may_tell
from functions.queries.message_queues import queue_by_arn
from functions.queues import announce_change
from functions.services.guard import record, require
from functions.services.triggers import check_target
from functions.snapshots import Principal
from functions.states import LATEST, Role

FIELDS = ("retries", "max_age_s", "on_success", "on_failure")


@transaction.atomic
def put_event_config(
    *, acting: Principal, function: Function, qualifier: str, **values: Any
) -> EventInvokeConfig:
    """Set all of FIELDS; what is left out is AWS's default. Raises InvalidParameterValue."""
    require(acting, Role.DEVELOPER, function.project_id)
    check_target(function, qualifier)
    config = _row(function, qualifier) or EventInvokeConfig(function=function, qualifier=_plain(qualifier))
    unset = {"retries": None, "max_age_s": None, "on_success": "", "on_failure": ""}
    return _save(config, acting, {**unset, **values})


@transaction.atomic
def update_event_config(
    *, acting: Principal, function: Function, qualifier: str, **values: Any
) -> EventInvokeConfig:
    """Change some of FIELDS; raises ResourceNotFound when there is nothing to change."""
    require(acting, Role.DEVELOPER, function.project_id)
    return _save(event_config(function, qualifier), acting, values)


@transaction.atomic
def delete_event_config(*, acting: Principal, function: Function, qualifier: str) -> None:
    """Back to AWS's defaults; raises ResourceNotFound when nothing else was set."""
    require(acting, Role.DEVELOPER, function.project_id)
    config = event_config(function, qualifier)
    record(
        acting,
        "event-config.delete",
        config,
        project_id=function.project_id,
        name=function.name,
        before=_picture(config),
    )
    config.delete()
    announce_change(function.pk)


def event_config(function: Function, qualifier: str) -> EventInvokeConfig:
    """The configuration of a qualifier; raises ResourceNotFound in AWS's words."""
    config = _row(function, qualifier)
    if config is None:
        arn = f"{function.arn}:{qualifier or LATEST}"
        raise ResourceNotFound(f"The function {arn} doesn't have an EventInvokeConfig")
    return config


def drop_event_config(function: Function, qualifier: str) -> None:
    """A qualifier's configuration goes with it; the caller records and announces."""
    EventInvokeConfig.objects.filter(function=function, qualifier=_plain(qualifier)).delete()


def _row(function: Function, qualifier: str) -> EventInvokeConfig | None:
    rows = EventInvokeConfig.objects.select_for_update().filter(function=function)
    return rows.filter(qualifier=_plain(qualifier)).first()


def _plain(qualifier: str) -> str:
    return "" if is_latest(qualifier) else qualifier


def _save(config: EventInvokeConfig, acting: Principal, values: dict[str, Any]) -> EventInvokeConfig:
    function = config.function
    for name in ("on_success", "on_failure"):
        if values.get(name):
            _check_destination(function, values[name])
    before = _picture(config)
    for name, value in values.items():
        setattr(config, name, value)
    config.save()
    record(
        acting,
        "event-config.put",
        config,
        project_id=function.project_id,
        name=function.name,
        before=before,
        after=_picture(config),
    )
    announce_change(function.pk)
    return config


def _check_destination(function: Function, arn: str) -> None:
    """It must be another function or a queue of the project; raises InvalidParameterValue in AWS's words."""
    if is_queue(arn):
        _check_queue(function, arn)
        return
    if arn.split(":")[2:3] != ["lambda"]:
        raise Unsupported(
            f"Destination {arn[:100]}: only functions and queues are supported as destinations yet."
        )
    try:
        named = parse_reference(arn)
    except InvalidParameterValue:
        raise _invalid(arn) from None
    if named.account != function.project.account or named.region != function.region:
        raise _invalid(arn)
    if named.name == function.name:
        raise InvalidParameterValue("You can't specify the function as a destination for itself.")
    found = live_functions(function.project_id).filter(region=named.region, name=named.name).first()
    if found is None:
        raise _invalid(arn)
    found.project = function.project
    check_target(found, named.qualifier)
    _check_role(function, arn, "InvokeFunction")


def _check_queue(function: Function, arn: str) -> None:
    """FIFO queues are no destinations, in AWS neither."""
    queue = queue_by_arn(function.project_id, function.project.account, arn)
    if queue is None or queue.fifo:
        raise _invalid(arn)
    _check_role(function, arn, "SendMessage")


def _check_role(function: Function, arn: str, action: str) -> None:
    if not may_tell(function, function.latest, arn):
        raise InvalidParameterValue(
            f"The function's execution role does not have permissions to call {action} on {arn}"
        )


def _invalid(arn: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"The destination ARN {arn} is invalid.")


def _picture(config: EventInvokeConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in FIELDS}
