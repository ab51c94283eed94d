"""Rules of the event bus and their targets: made, changed and removed. A target of a rule that has an expression is
a schedule of its function, so that the scheduler fires it like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from functions.errors import FunctoryError, LimitExceeded, NotImplementedHere, ResourceNotFound, Validation
from functions.event_inputs import check_input
from functions.event_patterns import read_event_pattern
from functions.expressions import Once, parse_expression
from functions.installation import region_of
from functions.models import EventRule, EventTarget, Function, Project, Schedule
from functions.naming import check_tags, parse_reference
from functions.queries.access import live_functions
from functions.services import triggers
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MOST_RULES = 300
MOST_TARGETS = 5
_SETTINGS = frozenset({"Input", "InputPath", "InputTransformer", "RoleArn"})


@transaction.atomic
def put_rule(
    *,
    acting: Principal,
    project: Project,
    name: str,
    pattern: str = "",
    expression: str = "",
    enabled: bool = True,
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> EventRule:
    """A rule, new or in place of the one of that name; its targets stay. Raises InvalidEventPattern, Validation,
    LimitExceeded."""
    require(acting, Role.DEVELOPER, project.pk)
    _check(pattern, expression)
    rows = EventRule.objects.filter(project=project, region=region_of(acting))
    rule = rows.filter(name=name).first()
    if rule is None:
        if rows.count() >= MOST_RULES:
            raise LimitExceeded(
                f"The requested resource exceeds the maximum number allowed: {MOST_RULES} rules"
            )
        rule = EventRule(project=project, region=region_of(acting), name=name, tags=check_tags(tags or {}))
    rule.pattern, rule.expression, rule.enabled = pattern, expression, enabled
    rule.description = description
    rule.save()
    for target in rule.targets.select_related("schedule"):
        _schedule(acting, target, target_function(project, target.arn))
    pictures = {"pattern": pattern, "expression": expression, "enabled": enabled}
    record(acting, "rule.put", rule, project_id=project.pk, name=name, after=pictures)
    return rule


@transaction.atomic
def set_enabled(*, acting: Principal, rule: EventRule, enabled: bool) -> None:
    """Switch it on or off."""
    require(acting, Role.DEVELOPER, rule.project_id)
    rule.enabled = enabled
    rule.save(update_fields=["enabled"])
    for schedule in Schedule.objects.filter(event_target__rule=rule).select_related("function__project"):
        triggers.update_schedule(acting=acting, schedule=schedule, enabled=enabled)
    action = "rule.enable" if enabled else "rule.disable"
    record(acting, action, rule, project_id=rule.project_id, name=rule.name)


@transaction.atomic
def delete_rule(*, acting: Principal, rule: EventRule) -> None:
    """Remove a rule without targets; raises Validation while it has some."""
    require(acting, Role.DEVELOPER, rule.project_id)
    if rule.targets.exists():
        raise Validation("Rule can't be deleted since it has targets.")
    record(acting, "rule.delete", rule, project_id=rule.project_id, name=rule.name)
    rule.delete()


def put_targets(
    *, acting: Principal, rule: EventRule, targets: Sequence[Mapping[str, Any]]
) -> list[tuple[str, FunctoryError]]:
    """Functions that the rule tells, in AWS's Target shapes, new or in place of those of the same ids. Returns those
    that were not taken, and why. Raises Validation for an input that is none, and LimitExceeded."""
    require(acting, Role.DEVELOPER, rule.project_id)
    for target in targets:
        check_input(target)
    with transaction.atomic():
        held = EventRule.objects.select_for_update().select_related("project").get(pk=rule.pk)
        ids = {target["Id"] for target in targets}
        if held.targets.exclude(target_id__in=ids).count() + len(ids) > MOST_TARGETS:
            raise LimitExceeded(
                f"The requested resource exceeds the maximum number allowed: {MOST_TARGETS} targets"
            )
        return [(target["Id"], error) for target in targets if (error := _put(acting, held, target))]


@transaction.atomic
def remove_targets(*, acting: Principal, rule: EventRule, ids: Sequence[str]) -> list[str]:
    """Take targets off, with their schedules; returns the ids that were not there."""
    require(acting, Role.DEVELOPER, rule.project_id)
    found = {target.target_id: target for target in rule.targets.filter(target_id__in=ids)}
    for target in found.values():
        _unschedule(acting, target)
        target.delete()
    if found:
        record(
            acting,
            "rule.untarget",
            rule,
            project_id=rule.project_id,
            name=rule.name,
            before={"ids": list(found)},
        )
    return [one for one in ids if one not in found]


def target_function(project: Project, arn: str) -> Function | None:
    """The live function that a target's ARN means."""
    named = parse_reference(arn)
    rows = live_functions(project.pk).filter(region=named.region, name=named.name).exclude(latest=None)
    return rows.select_related("project").first()


def _put(acting: Principal, rule: EventRule, given: Mapping[str, Any]) -> FunctoryError | None:
    """Take one target in; the refusal, if it cannot be taken."""
    try:
        with transaction.atomic():
            function = _checked(rule, given)
            settings = {name: given[name] for name in _SETTINGS if given.get(name)}
            target, _ = EventTarget.objects.update_or_create(
                rule=rule, target_id=given["Id"], defaults={"arn": given["Arn"], "settings": settings}
            )
            _schedule(acting, target, function)
            after = {"id": target.target_id, "arn": target.arn}
            record(acting, "rule.target", rule, project_id=rule.project_id, name=rule.name, after=after)
    except FunctoryError as error:
        return error
    return None


def _checked(rule: EventRule, given: Mapping[str, Any]) -> Function:
    for name in given.keys() - _SETTINGS - {"Id", "Arn"}:
        raise NotImplementedHere(f"{name} of a target is not implemented by Functory: leave it out.")
    base = f"arn:aws:lambda:{rule.region}:{rule.project.account}:function:"
    if not given["Arn"].startswith(base):
        raise NotImplementedHere(
            f"Functory's rules tell functions of their own project and region, not {given['Arn'][:200]}."
        )
    function = target_function(rule.project, given["Arn"])
    if function is None:
        raise ResourceNotFound(f"Function not found: {given['Arn'][:200]}")
    triggers.check_target(function, parse_reference(given["Arn"]).qualifier)
    return function


def _schedule(acting: Principal, target: EventTarget, function: Function | None) -> None:
    """Bring the target's schedule in line with its rule and its function."""
    rule, schedule = target.rule, target.schedule
    moved = schedule is not None and (function is None or schedule.function_id != function.pk)
    if schedule is not None and (moved or not rule.expression):
        _unschedule(acting, target)
        schedule = None
    if function is None or not rule.expression:
        return
    wanted: dict[str, Any] = {
        "expression": rule.expression,
        "enabled": rule.enabled,
        "qualifier": parse_reference(target.arn).qualifier,
    }
    if schedule is not None:
        triggers.update_schedule(acting=acting, schedule=schedule, **wanted)
        return
    taken = Schedule.objects.filter(function=function, name=rule.name).exists()
    name = f"{rule.name[:31]}-{target.target_id[:32]}" if taken else rule.name
    target.schedule = triggers.create_schedule(acting=acting, function=function, name=name, **wanted)
    target.save(update_fields=["schedule"])


def _unschedule(acting: Principal, target: EventTarget) -> None:
    schedule = target.schedule
    if schedule is None:
        return
    target.schedule = None
    target.save(update_fields=["schedule"])  # before: with its schedule the target would go, too
    triggers.delete_schedule(acting=acting, schedule=schedule)


def _check(pattern: str, expression: str) -> None:
    if not pattern and not expression:
        raise Validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        read_event_pattern(pattern)
    if expression:
        try:
            once = isinstance(parse_expression(expression), Once)
        except FunctoryError as error:
            raise Validation(f"Parameter ScheduleExpression is not valid. {error.message}") from None
        if once:
            raise Validation("Parameter ScheduleExpression is not valid.")
