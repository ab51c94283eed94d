"""What calls a function by itself: function URLs and schedules, made, changed, paused and removed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from functions.errors import ResourceConflict, ResourceNotFound
from functions.expressions import next_firing, parse_expression, zone_of
from functions.models import Alias, Function, FunctionUrl, Schedule, Version
from functions.naming import check_qualifier, is_latest, new_url_id
from functions.queues import announce_change
from functions.services.guard import record, require
from functions.services.policies import allow_public_url
from functions.snapshots import Principal
from functions.states import LIVE_ALIAS, InvokeMode, Role, UrlAuth
from functions.trigger_rules import (
    NO_TRIGGER,
    check_auth,
    check_cors,
    check_invoke_mode,
    check_schedule,
    check_schedule_name,
)


def create_chosen_trigger(*, acting: Principal, function: Function, choice: Mapping[str, Any]) -> None:
    """Make what the wizard chose, once; called by the first deploy."""
    match choice.get("kind", NO_TRIGGER):
        case "function_url":
            if not FunctionUrl.objects.filter(function=function, qualifier=LIVE_ALIAS).exists():
                auth = choice.get("auth", UrlAuth.NONE)
                create_url(acting=acting, function=function, auth=auth, allow_public=True)
        case "schedule":
            if not Schedule.objects.filter(function=function).exists():
                create_schedule(
                    acting=acting,
                    function=function,
                    name="schedule",
                    expression=choice["expression"],
                    timezone_name=choice.get("timezone", "UTC"),
                    payload=choice.get("payload", ""),
                )
        case _:
            return


@transaction.atomic
def create_url(
    *,
    acting: Principal,
    function: Function,
    qualifier: str = LIVE_ALIAS,
    auth: str = UrlAuth.NONE,
    invoke_mode: str = InvokeMode.BUFFERED,
    cors: Mapping[str, Any] | None = None,
    allow_public: bool = False,
) -> FunctionUrl:
    """An HTTP address for a qualifier; raises ResourceConflict when it has one. With auth NONE it answers once a
    statement lets everybody call it: `allow_public` adds that, as AWS's console does and its API does not."""
    require(acting, Role.DEVELOPER, function.project_id)
    check_target(function, qualifier)
    url = FunctionUrl(
        function=function,
        qualifier="" if is_latest(qualifier) else qualifier,
        url_id=new_url_id(),
        auth=check_auth(auth),
        invoke_mode=check_invoke_mode(invoke_mode),
        cors=check_cors(cors),
        created_by_id=acting.user_id,
    )
    try:
        with transaction.atomic():
            url.save(force_insert=True)
    except IntegrityError:
        raise ResourceConflict(
            f"Failed to create function url config for [functionArn = {function.arn}]. Error message:  "
            "FunctionUrlConfig exists for this Lambda function"
        ) from None
    if allow_public and url.auth == UrlAuth.NONE:
        allow_public_url(acting=acting, function=function, qualifier=url.qualifier)
    record(
        acting,
        "url.create",
        url,
        project_id=function.project_id,
        name=function.name,
        after={"auth": url.auth},
    )
    announce_change(function.pk)
    return url


@transaction.atomic
def update_url(
    *, acting: Principal, url: FunctionUrl, allow_public: bool = False, **changes: Any
) -> FunctionUrl:
    """Change auth, invoke_mode, cors or enabled; what is left out stays. `allow_public` as in create_url."""
    require(acting, Role.DEVELOPER, url.function.project_id)
    checks: Mapping[str, Callable[[Any], Any]] = {
        "auth": check_auth,
        "invoke_mode": check_invoke_mode,
        "cors": check_cors,
        "enabled": bool,
    }
    before = {name: getattr(url, name) for name in changes}
    for name, value in changes.items():
        setattr(url, name, checks[name](value))
    url.save(update_fields=[*changes, "changed_at"])
    if allow_public and url.auth == UrlAuth.NONE:
        allow_public_url(acting=acting, function=url.function, qualifier=url.qualifier)
    record(
        acting,
        "url.update",
        url,
        project_id=url.function.project_id,
        name=url.function.name,
        before=before,
        after={name: getattr(url, name) for name in changes},
    )
    announce_change(url.function_id)
    return url


@transaction.atomic
def delete_url(*, acting: Principal, url: FunctionUrl) -> None:
    """Take an HTTP address away; a new one will be another."""
    require(acting, Role.DEVELOPER, url.function.project_id)
    record(acting, "url.delete", url, project_id=url.function.project_id, name=url.function.name)
    function_id = url.function_id
    url.delete()
    announce_change(function_id)


@transaction.atomic
def create_schedule(
    *,
    acting: Principal,
    function: Function,
    name: str,
    expression: str,
    timezone_name: str = "UTC",
    payload: str = "",
    qualifier: str = LIVE_ALIAS,
    enabled: bool = True,
) -> Schedule:
    """Calls at set times; raises InvalidParameterValue (with field) or ResourceConflict for a taken
    name."""
    require(acting, Role.DEVELOPER, function.project_id)
    check_target(function, qualifier)
    check_schedule(expression, timezone_name, payload)
    schedule = Schedule(
        function=function,
        name=check_schedule_name(name),
        expression=expression.strip(),
        timezone=timezone_name,
        payload=payload,
        qualifier="" if is_latest(qualifier) else qualifier,
        enabled=enabled,
        created_by_id=acting.user_id,
    )
    schedule.due_at = _first_due(schedule)
    _save_schedule(schedule)
    record(
        acting,
        "schedule.create",
        schedule,
        project_id=function.project_id,
        name=f"{function.name}/{name}",
        after={"expression": schedule.expression, "timezone": schedule.timezone},
    )
    return schedule


@transaction.atomic
def update_schedule(*, acting: Principal, schedule: Schedule, **changes: Any) -> Schedule:
    """Change name, expression, timezone, payload, qualifier or enabled; the next firing is worked out
    again from now."""
    require(acting, Role.DEVELOPER, schedule.function.project_id)
    before = _audited(schedule, changes)
    tidy: Mapping[str, Callable[[Any], Any]] = {
        "name": check_schedule_name,
        "expression": str.strip,
        "qualifier": lambda value: "" if is_latest(value) else value,
        "enabled": bool,
    }
    for name, value in changes.items():
        setattr(schedule, name, tidy[name](value) if name in tidy else value)
    if "qualifier" in changes:
        check_target(schedule.function, schedule.qualifier)
    # A one-off time that has passed may still be renamed or switched off.
    if changes.keys() & {"expression", "timezone", "payload"} or changes.get("enabled"):
        check_schedule(schedule.expression, schedule.timezone, schedule.payload)
    schedule.due_at = _first_due(schedule)
    # Not the whole row: the scheduler may be noting a firing.
    _save_schedule(schedule, [*changes, "due_at", "changed_at"])
    record(
        acting,
        "schedule.update",
        schedule,
        project_id=schedule.function.project_id,
        name=f"{schedule.function.name}/{schedule.name}",
        before=before,
        after=_audited(schedule, changes),
    )
    return schedule


@transaction.atomic
def delete_schedule(*, acting: Principal, schedule: Schedule) -> None:
    """Remove a schedule; firings already accepted still run."""
    require(acting, Role.DEVELOPER, schedule.function.project_id)
    record(
        acting,
        "schedule.delete",
        schedule,
        project_id=schedule.function.project_id,
        name=f"{schedule.function.name}/{schedule.name}",
        before={"expression": schedule.expression},
    )
    schedule.delete()


def reschedule(schedule: Schedule) -> None:
    """Work out the next firing from now on: after a restore, a pause or a change."""
    schedule.due_at = _first_due(schedule)
    schedule.save(update_fields=["due_at"])


def check_target(function: Function, qualifier: str) -> None:
    """Raises unless the qualifier exists: $LATEST, a version or an alias. A function that was never
    deployed may already be bound to `live`, which its first deploy makes."""
    check_qualifier(qualifier)
    if is_latest(qualifier) or (qualifier == LIVE_ALIAS and function.is_draft):
        return
    if qualifier.isdecimal():
        exists = Version.objects.filter(function=function, number=int(qualifier)).exists()
    else:
        exists = Alias.objects.filter(function=function, name=qualifier).exists()
    if not exists:
        raise ResourceNotFound(f"Function not found: {function.arn}:{qualifier}", field="qualifier")


def _first_due(schedule: Schedule) -> datetime | None:
    if not schedule.enabled:
        return None
    return next_firing(parse_expression(schedule.expression), zone_of(schedule.timezone), timezone.now())


def _audited(schedule: Schedule, names: Collection[str]) -> dict[str, Any]:
    """What the audit log says of a schedule: not its input, which may hold anything."""
    return {name: getattr(schedule, name) for name in names if name != "payload"}


def _save_schedule(schedule: Schedule, fields: Sequence[str] | None = None) -> None:
    try:
        with transaction.atomic():
            schedule.save(update_fields=fields)
    except IntegrityError:
        raise ResourceConflict(f"A schedule {schedule.name} exists already.", field="name") from None
