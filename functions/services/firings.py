"""Schedules that are due: what their event looks like, and the claim that makes each due time fire once."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from functions.errors import FunctoryError
from functions.event_inputs import input_of
from functions.expressions import Rate, next_firing, parse_expression, zone_of
from functions.ids import derived_id
from functions.models import EventTarget, Function, Schedule
from functions.records import AcceptedEvent
from functions.states import TriggerKind

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Firing:
    """A schedule at one due time, and the event that it is."""

    schedule_id: UUID
    due_at: datetime
    next_due_at: datetime | None
    event: AcceptedEvent


def due_firings(*, now: datetime, limit: int = 200) -> list[Firing]:
    """What is due, the longest overdue first. Times that passed while nobody looked are one firing, for the
    first of them."""
    rows = Schedule.objects.filter(
        due_at__lte=now, enabled=True, function__deleted_at__isnull=True, function__paused_at__isnull=True
    )
    joined = rows.select_related("function__project", "event_target__rule__project")
    found = joined.order_by("due_at")[:limit]
    firings = (_firing_or_none(schedule, now) for schedule in found)
    return [firing for firing in firings if firing is not None]


def complete(firings: Sequence[Firing], *, now: datetime) -> int:
    """Note that these have been handed over, each unless somebody else has done so or it was changed
    meanwhile; returns how many were noted."""
    noted = 0
    for firing in firings:
        noted += Schedule.objects.filter(pk=firing.schedule_id, due_at=firing.due_at).update(
            due_at=firing.next_due_at, last_due_at=firing.due_at, last_fired_at=now
        )
    return noted


def next_due_at() -> datetime | None:
    """When the next schedule is due."""
    rows = Schedule.objects.filter(due_at__isnull=False, enabled=True).order_by("due_at")
    return rows.values_list("due_at", flat=True).first()


def _firing_or_none(schedule: Schedule, now: datetime) -> Firing | None:
    """A schedule that can no longer be read (its zone has left the zone database, say) is switched off: it
    must not keep the others from firing."""
    try:
        return _firing(schedule, now)
    except FunctoryError as error:
        logger.warning(
            "schedule %s of %s is switched off: %s", schedule.name, schedule.function, error.message
        )
        Schedule.objects.filter(pk=schedule.pk).update(enabled=False, due_at=None)
        return None


def _firing(schedule: Schedule, now: datetime) -> Firing:
    due_at = schedule.due_at or now
    expression, zone = parse_expression(schedule.expression), zone_of(schedule.timezone)
    following = next_firing(expression, zone, due_at)
    if following is not None and following <= now:
        # A rate keeps its beat; a wall-clock time goes on from now.
        following = _next_beat(expression, due_at, now) or next_firing(expression, zone, now)
    return Firing(schedule.pk, due_at, following, _event(schedule, due_at, now))


def _next_beat(expression: object, due_at: datetime, now: datetime) -> datetime | None:
    if not isinstance(expression, Rate):
        return None
    return due_at + ((now - due_at) // expression.period + 1) * expression.period


def _event(schedule: Schedule, due_at: datetime, now: datetime) -> AcceptedEvent:
    # A schedule and a due time make one event id for ever: whoever fires it again changes nothing. It carries
    # its time, like all ids, which is how old events are found.
    event_id = str(
        derived_id(int(due_at.timestamp() * 1000), str(schedule.pk), due_at.astimezone(UTC).isoformat())
    )
    return AcceptedEvent(
        event_id=event_id,
        project_id=str(schedule.function.project_id),
        function_id=str(schedule.function_id),
        qualifier=schedule.qualifier,
        trigger=TriggerKind.SCHEDULE,
        trigger_id=str(schedule.pk),
        # Now and not the due time: what was missed for longer than an event may wait is run all the same.
        accepted_us=int(now.timestamp() * 1_000_000),
        payload=schedule.payload or _payload(schedule, due_at, event_id),
    )


def _payload(schedule: Schedule, due_at: datetime, event_id: str) -> str:
    """The event of a schedule, or what the rule that it belongs to makes of it."""
    target: EventTarget | None = getattr(schedule, "event_target", None)
    function = schedule.function
    if target is None:
        base = f"arn:aws:events:{function.region}:{function.project.account}:rule"
        return json.dumps(
            _scheduled_event(function, due_at, event_id, f"{base}/{function.name}-{schedule.name}")
        )
    arn = target.rule.arn
    return input_of(target.settings, _scheduled_event(function, due_at, event_id, arn), arn)


def _scheduled_event(function: Function, due_at: datetime, event_id: str, rule_arn: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html"""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": function.project.account,
        "time": due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": function.region,
        "resources": [rule_arn],
        "detail": {},
    }
