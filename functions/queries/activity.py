"""What some functions did lately, for one page of a list: a few bulk reads however many functions there are.
Telemetry only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Subquery, Sum

from functions.models import Invocation, MetricMinute, UsageDay
from functions.quantiles import MergedSketch

RECENT = timedelta(hours=24)
# Reading a sketch takes some 15 microseconds: on a busy page p95 looks back less than 24 hours.
_MOST_SKETCHES = 1000
_OLDEST_CALL = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Activity:
    """Calls, errors and throttles of the last 24 hours, p95 of the recent duration in microseconds (None
    while nothing ran), the last call with its outcome, and the cost of this UTC month in 1e-12 USD."""

    calls: int = 0
    errors: int = 0
    throttles: int = 0
    p95_us: int | None = None
    last_call: datetime | None = None
    last_outcome: str = ""
    cost_month_pico: int = 0


def activity_of(function_ids: Collection[UUID], *, now: datetime) -> dict[UUID, Activity]:
    """The activity of each of these functions; all zero for those that never ran."""
    found = dict.fromkeys(function_ids, Activity())
    _add_counts(found, now)
    _add_usage(found, now)
    return found


def errors_by_function(*, project_id: UUID, since: datetime) -> dict[UUID, int]:
    """How many errors each failing function of a project has had."""
    rows = MetricMinute.objects.filter(project_id=project_id, minute__gte=since, errors__gt=0)
    return dict(rows.values_list("function_id").annotate(total=Sum("errors")).order_by())


def cost_by_function(*, project_id: UUID, now: datetime) -> dict[UUID, int]:
    """What each function of a project has cost this UTC month, in 1e-12 USD."""
    rows = UsageDay.objects.filter(project_id=project_id, day__gte=now.date().replace(day=1))
    totals = rows.values_list("function_id").annotate(total=Sum("cost_pico")).order_by()
    return {function_id: int(total) for function_id, total in totals}


def last_active_by_function(*, project_id: UUID, now: datetime) -> dict[UUID, int]:
    """When each function of a project ran last, in Unix seconds: to the minute in the last 24 hours, to the
    day before. Good enough to sort by."""
    days = UsageDay.objects.filter(project_id=project_id).values_list("function_id").annotate(Max("day"))
    minutes = MetricMinute.objects.filter(project_id=project_id, minute__gte=now - RECENT)
    latest = minutes.values_list("function_id").annotate(Max("minute")).order_by()
    by_day = {function_id: _unix_seconds(day) for function_id, day in days.order_by()}
    return by_day | {function_id: int(minute.timestamp()) for function_id, minute in latest}


def _add_counts(found: dict[UUID, Activity], now: datetime) -> None:
    rows = MetricMinute.objects.filter(function_id__in=found.keys(), minute__gte=now - RECENT)
    sums = rows.values("function_id").annotate(
        ran=Sum("invocations"), failed=Sum("errors"), held=Sum("throttles"), minutes=Count("id")
    )
    counted = list(sums.order_by())
    p95 = _p95(found.keys(), now, sum(row["minutes"] for row in counted))
    for row in counted:
        found[row["function_id"]] = Activity(
            calls=int(row["ran"]),
            errors=int(row["failed"]),
            throttles=int(row["held"]),
            p95_us=p95.get(row["function_id"]),
        )


def _p95(function_ids: Iterable[UUID], now: datetime, minutes: int) -> dict[UUID, int]:
    stretch = RECENT * min(1.0, _MOST_SKETCHES / minutes) if minutes else RECENT
    rows = MetricMinute.objects.filter(function_id__in=function_ids, minute__gte=now - stretch)
    merged: dict[UUID, MergedSketch] = {}
    for function_id, sketch in rows.values_list("function_id", "sketch").order_by():
        merged.setdefault(function_id, MergedSketch()).add(bytes(sketch))
    values = {function_id: sketch.quantiles((0.95,))[0] for function_id, sketch in merged.items()}
    return {function_id: round(value * 1000) for function_id, value in values.items() if value is not None}


def _add_usage(found: dict[UUID, Activity], now: datetime) -> None:
    month = now.date().replace(day=1)
    oldest = min(month, (now - _OLDEST_CALL).date())
    days = UsageDay.objects.filter(function_id__in=found.keys(), day__gte=oldest).order_by("day")
    newest: dict[UUID, UUID] = {}
    costs: dict[UUID, int] = {}
    for row_id, function_id, day, cost in days.values_list("id", "function_id", "day", "cost_pico"):
        newest[function_id] = row_id
        costs[function_id] = costs.get(function_id, 0) + (cost if day >= month else 0)
    for function_id, last_call, last_outcome in _last_calls(newest.values()):
        found[function_id] = replace(
            found[function_id],
            cost_month_pico=costs[function_id],
            last_call=last_call,
            last_outcome=last_outcome or "",
        )


def _last_calls(newest_days: Collection[UUID]) -> Iterable[tuple[UUID, datetime | None, str | None]]:
    """One index look-up for each function, hung on its newest day of usage: no database groups a million
    invocations by function in time."""
    latest = Invocation.objects.filter(function_id=OuterRef("function_id")).order_by("-started_at")
    rows = UsageDay.objects.filter(id__in=newest_days).annotate(
        last_call=Subquery(latest.values("started_at")[:1]),
        last_outcome=Subquery(latest.values("outcome")[:1]),
    )
    return rows.values_list("function_id", "last_call", "last_outcome")


def _unix_seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
