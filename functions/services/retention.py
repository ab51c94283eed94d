"""Telemetry's end: what is old, and what belongs to functions that are gone, removed in small steps, each its own
transaction, so that the recorder and people come in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet

from functions.models import (
    Attempt,
    Event,
    Invocation,
    InvocationLog,
    InvocationPayload,
    LogChunk,
    MetricMinute,
    MetricSpan,
    Refusal,
)
from functions.services.refusals import superfluous
from functions.states import EVENT_ENDED

STEP = 500
PAUSE_S = 0.02
# As CloudWatch keeps metrics: minutes for 15 days, hours and days for fifteen months.
MINUTE_DAYS = 15
METRIC_DAYS = 455
LONGEST_ROUND_S = 60.0


class _Round:
    """One round's removals: until nothing is left or its time is over."""

    def __init__(self, limit_s: float) -> None:
        self._end = time.monotonic() + limit_s
        self.removed = 0
        self.is_complete = True

    def remove(self, rows: QuerySet[Model], delete: Callable[[Sequence[UUID]], None]) -> None:
        """Delete in steps."""
        while True:
            ids: list[UUID] = list(rows.order_by("pk").values_list("pk", flat=True)[:STEP])
            if not ids:
                return
            if time.monotonic() > self._end:
                self.is_complete = False
                return
            with transaction.atomic(using="telemetry"):
                delete(ids)
            self.removed += len(ids)
            time.sleep(PAUSE_S)


def expire(*, days: int, now: datetime, limit_s: float = LONGEST_ROUND_S) -> int:
    """Remove invocations and ended events older than `days`, sums of minutes when they are older than that and
    15 days, those of hours and days after fifteen months; what bills are made of stays. Returns how many rows
    went; the next round takes what is left."""
    work = _Round(limit_s)
    old = first_id(now - timedelta(days=days))
    work.remove(Invocation.objects.filter(pk__lt=old), _delete_invocations)
    work.remove(LogChunk.objects.filter(pk__lt=old), _delete(LogChunk))
    work.remove(Event.objects.filter(pk__lt=old, state__in=EVENT_ENDED), _delete_events)
    oldest_minute = first_id(now - timedelta(days=max(days, MINUTE_DAYS)))
    work.remove(MetricMinute.objects.filter(pk__lt=oldest_minute), _delete(MetricMinute))
    oldest_span = first_id(now - timedelta(days=max(days, METRIC_DAYS)))
    work.remove(MetricSpan.objects.filter(pk__lt=oldest_span), _delete(MetricSpan))
    work.remove(Refusal.objects.filter(pk__lt=old), _delete(Refusal))
    for project_id, last in superfluous():
        work.remove(Refusal.objects.filter(project_id=project_id, pk__lte=last), _delete(Refusal))
    return work.removed


def forget_function(function_id: UUID, *, limit_s: float = LONGEST_ROUND_S) -> bool:
    """Remove all telemetry of a function but its bills; whether all of it is gone."""
    work = _Round(limit_s)
    work.remove(Invocation.objects.filter(function_id=function_id), _delete_invocations)
    work.remove(Event.objects.filter(function_id=function_id), _delete_events)
    work.remove(MetricMinute.objects.filter(function_id=function_id), _delete(MetricMinute))
    work.remove(MetricSpan.objects.filter(subject_id=function_id), _delete(MetricSpan))
    return work.is_complete


def first_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: ids sort by time, so that old rows are found by their key."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _delete_invocations(ids: Sequence[UUID]) -> None:
    # Without the ORM's collector, which would read every log that it deletes.
    _raw(InvocationPayload.objects.filter(pk__in=ids))
    _raw(InvocationLog.objects.filter(pk__in=ids))
    _raw(Invocation.objects.filter(pk__in=ids))


def _delete_events(ids: Sequence[UUID]) -> None:
    _raw(Attempt.objects.filter(event_id__in=ids))
    _raw(Event.objects.filter(pk__in=ids))


def _delete(model: type[LogChunk | MetricMinute | MetricSpan | Refusal]) -> Callable[[Sequence[UUID]], None]:
    return lambda ids: _raw(model.objects.filter(pk__in=ids))


def _raw(rows: QuerySet[Model]) -> None:
    rows._raw_delete(rows.db)
