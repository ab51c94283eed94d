"""What some functions did lately, for one page of a list: a few bulk reads however many functions there are.
Telemetry only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery, Sum

from functions.models import Invocation, MetricMinute, MetricSpan, UsageMonth
from functions.quantiles import MergedSketch
from functions.queries.metrics import cover
from functions.rollups import DAY_S, HOUR_S, MINUTE_S

RECENT = timedelta(hours=24)
_SUMS = {"calls": "invocations", "errors": "errors", "throttles": "throttles"}
Place = tuple[int, UUID]  # a rank, negated, and whose it is: sorts as a page does


@dataclass(frozen=True, slots=True)
class Activity:
    """Calls, errors and throttles of the last 24 hours, p95 of the duration today and yesterday (UTC) in
    microseconds (None while nothing ran), the last call with its outcome, and the cost of this UTC month in
    1e-12 USD."""

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
    """How many errors each failing function of a project has had, to the minute: for a few hours."""
    rows = MetricMinute.objects.filter(project_id=project_id, minute__gte=since, errors__gt=0)
    totals = rows.values_list("function_id").annotate(total=Sum("errors")).order_by()
    return {function_id: int(total) for function_id, total in totals}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The functions of a project by a number that is not in their own rows, highest first; those without one are
    left out. `rows` has `owner` and `rank`."""

    rows: QuerySet[Any, Any]

    def following(self, after: Place | None, size: int) -> list[Place]:
        """The places behind one, the best without one."""
        rows = self.rows
        if after is not None:
            rows = rows.filter(Q(rank__lt=-after[0]) | Q(rank=-after[0], owner__gt=after[1]))
        return [(-int(row["rank"]), row["owner"]) for row in rows.order_by("-rank", "owner")[:size]]

    def ranked(self, function_ids: Collection[UUID]) -> set[UUID]:
        """Those of the functions that have a place."""
        return {row["owner"] for row in self.rows.filter(owner__in=function_ids)}


def by_errors(*, project_id: UUID, now: datetime) -> Ranking:
    """By errors of the last 24 whole hours and this one."""
    since = (now - RECENT).replace(minute=0, second=0, microsecond=0)
    rows = MetricSpan.objects.filter(project_id=project_id, step_s=HOUR_S, start__gte=since, errors__gt=0)
    owned = rows.exclude(subject_id=project_id).values(owner=F("subject_id"))
    return Ranking(owned.annotate(rank=Sum("errors")))


def by_cost(*, project_id: UUID, now: datetime) -> Ranking:
    """By cost of this UTC month, in 1e-12 USD."""
    rows = UsageMonth.objects.filter(project_id=project_id, month=_month(now), cost_pico__gt=0)
    return Ranking(rows.values(owner=F("function_id")).annotate(rank=Sum("cost_pico")))


def by_last_call(*, project_id: UUID, now: datetime) -> Ranking:
    """By the newest call of this and the last UTC month."""
    rows = UsageMonth.objects.filter(project_id=project_id, month__gte=_month_before(now), last_us__gt=0)
    return Ranking(rows.values(owner=F("function_id")).annotate(rank=Max("last_us")))


def _add_counts(found: dict[UUID, Activity], now: datetime) -> None:
    sums: dict[UUID, dict[str, int]] = {}
    for rows in _recent(found.keys(), now):
        for row in rows.annotate(**{name: Sum(column) for name, column in _SUMS.items()}).order_by():
            into = sums.setdefault(row["owner"], dict.fromkeys(_SUMS, 0))
            for name in _SUMS:
                into[name] += int(row[name])
    p95 = _p95(found.keys(), now)
    for function_id, counts in sums.items():
        found[function_id] = Activity(
            counts["calls"], counts["errors"], counts["throttles"], p95.get(function_id)
        )


def _recent(function_ids: Collection[UUID], now: datetime) -> Iterable[QuerySet[Any, Any]]:
    """The rows of the last 24 hours, grouped by `owner`: whole hours, and the minutes before and after them."""
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for piece in cover(end - RECENT, end, (HOUR_S, MINUTE_S)):
        if piece.step_s == MINUTE_S:
            yield MetricMinute.objects.filter(
                function_id__in=function_ids, minute__gte=piece.start, minute__lt=piece.end
            ).values(owner=F("function_id"))
        else:
            yield MetricSpan.objects.filter(
                subject_id__in=function_ids, step_s=HOUR_S, start__gte=piece.start, start__lt=piece.end
            ).values(owner=F("subject_id"))


def _p95(function_ids: Collection[UUID], now: datetime) -> dict[UUID, int]:
    """Of the two UTC days that the last 24 hours touch: two sketches a function in place of fifty."""
    since = (now - RECENT).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = MetricSpan.objects.filter(subject_id__in=function_ids, step_s=DAY_S, start__gte=since)
    merged: dict[UUID, MergedSketch] = {}
    for function_id, sketch in rows.values_list("subject_id", "sketch").order_by():
        merged.setdefault(function_id, MergedSketch()).add(bytes(sketch))
    values = {function_id: sketch.quantiles((0.95,))[0] for function_id, sketch in merged.items()}
    return {function_id: round(value * 1000) for function_id, value in values.items() if value is not None}


def _add_usage(found: dict[UUID, Activity], now: datetime) -> None:
    month = _month(now)
    rows = UsageMonth.objects.filter(function_id__in=found.keys(), month__gte=_month_before(now))
    newest: dict[UUID, UUID] = {}
    costs: dict[UUID, int] = {}
    for row_id, function_id, of, cost in rows.order_by("month").values_list(
        "id", "function_id", "month", "cost_pico"
    ):
        newest[function_id] = row_id
        costs[function_id] = costs.get(function_id, 0) + (cost if of == month else 0)
    for function_id, last_call, last_outcome in _last_calls(newest.values()):
        found[function_id] = replace(
            found[function_id],
            cost_month_pico=costs[function_id],
            last_call=last_call,
            last_outcome=last_outcome or "",
        )


def _last_calls(newest_months: Collection[UUID]) -> Iterable[tuple[UUID, datetime | None, str | None]]:
    """One index look-up for each function, hung on its newest month of usage: no database groups a million
    invocations by function in time."""
    latest = Invocation.objects.filter(function_id=OuterRef("function_id")).order_by("-started_at")
    rows = UsageMonth.objects.filter(id__in=newest_months).annotate(
        last_call=Subquery(latest.values("started_at")[:1]),
        last_outcome=Subquery(latest.values("outcome")[:1]),
    )
    return rows.values_list("function_id", "last_call", "last_outcome")


def _month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def _month_before(now: datetime) -> date:
    return (_month(now) - timedelta(days=1)).replace(day=1)
