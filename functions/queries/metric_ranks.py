"""A row for each of the functions that did most in a range, from the roll-ups. Which functions come into question is
told by sums of longer stretches than the range; only those are looked at closely."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from functions.models import MetricMinute, MetricSpan, UsageDay, UsageMonth
from functions.quantiles import MergedSketch
from functions.queries.metrics import MetricRange, Piece, as_us, at_step, cover
from functions.rollups import DAY_S, HOUR_S, MINUTE_S

# What a table by function may be sorted by, and what decides which functions come into question.
RANKS = {
    "invocations": "requests",
    "errors": "errors",
    "error_rate": "errors",
    "p95_us": "requests",
    "cold_starts": "cold_starts",
    "throttles": "throttles",
    "cost_pico": "cost_pico",
}
_COUNTED = {"error_rate": "errors", "p95_us": "invocations"}
_SUMS = ("invocations", "errors", "throttles", "cold_starts", "cost_pico")
_SUMS_OF_DAYS = {"requests", "cost_pico"}
# Up to two hours the minutes tell which functions did most; up to two days the days for what days count, else the
# hours; and the months of a longer range: all days of all functions would be hundreds of thousands of rows.
_RANKED_BELOW_MONTHS = timedelta(hours=48)
_RANKED_BY_MINUTES = timedelta(hours=2)
_CANDIDATES = 100
Numbers = dict[str, int | float | None]


def by_function(
    *, chosen: MetricRange, order: str = "invocations", limit: int = 50
) -> list[tuple[UUID, Numbers]]:
    """The sums, error_rate and p95_us of the functions with most of `order`, a key of RANKS; raises KeyError. Those
    compete that have most of it in the hours or days, of more than two days the months, that the range touches;
    p95 is of the hours, of more than two days the days. By p95_us the functions with the most calls are sorted."""
    if order not in RANKS:
        raise KeyError(order)
    among = _candidates(chosen, order)
    found = {function_id: _numbers(values) for function_id, values in _sums_of(chosen, among).items()}
    first = "invocations" if order == "p95_us" else order
    ranked = sorted(found, key=lambda function_id: (-(found[function_id][first] or 0), function_id))[:limit]
    for function_id, p95 in _p95_of(chosen, ranked).items():
        found[function_id]["p95_us"] = p95
    ranked.sort(key=lambda function_id: -(found[function_id][order] or 0))
    return [(function_id, found[function_id]) for function_id in ranked]


def _candidates(chosen: MetricRange, order: str) -> list[UUID]:
    """The functions that come into question, those with most first."""
    length = chosen.end - chosen.start
    rows: QuerySet[Any]
    if length > _RANKED_BELOW_MONTHS:
        first = chosen.start.astimezone(UTC).date().replace(day=1)
        rows = UsageMonth.objects.filter(month__gte=first, month__lt=chosen.end.date()).values("function_id")
        rows = rows.annotate(most=Sum(RANKS[order]))
    elif length > _RANKED_BY_MINUTES and RANKS[order] in _SUMS_OF_DAYS:
        days = {
            "day__gte": chosen.start.astimezone(UTC).date(),
            "day__lte": chosen.end.astimezone(UTC).date(),
        }
        rows = UsageDay.objects.filter(**days).values("function_id").annotate(most=Sum(RANKS[order]))
    else:
        step = MINUTE_S if length <= _RANKED_BY_MINUTES else HOUR_S
        rows = _touched(chosen, step).values("function_id").annotate(most=Sum(_COUNTED.get(order, order)))
    rows = rows.filter(project_id=chosen.project_id).order_by("-most", "function_id")
    return list(rows.values_list("function_id", flat=True)[:_CANDIDATES])


def _touched(chosen: MetricRange, step_s: int, among: Collection[UUID] | None = None) -> QuerySet[Any]:
    """The rows of functions, by `function_id`, that begin in the range or hold its beginning."""
    return _of_functions(Piece(step_s, at_step(chosen.start, step_s), chosen.end), chosen.project_id, among)


def _of_functions(piece: Piece, project_id: UUID, among: Collection[UUID] | None) -> QuerySet[Any]:
    # Never by project and function at once: SQLite would take the project's index and read all functions.
    if piece.step_s == MINUTE_S:
        minutes = MetricMinute.objects.filter(minute__gte=piece.start, minute__lt=piece.end)
        return (
            minutes.filter(project_id=project_id) if among is None else minutes.filter(function_id__in=among)
        )
    spans = MetricSpan.objects.filter(step_s=piece.step_s, start__gte=piece.start, start__lt=piece.end)
    if among is None:
        spans = spans.filter(project_id=project_id).exclude(subject_id=project_id)
    else:
        spans = spans.filter(subject_id__in=among)
    return spans.annotate(function_id=F("subject_id"))


def _sums_of(chosen: MetricRange, function_ids: Collection[UUID]) -> dict[UUID, list[int]]:
    """The sums of `_SUMS` by function, to the minute."""
    added = {f"all_{name}": Sum(name) for name in _SUMS}
    found: dict[UUID, list[int]] = {}
    for piece in cover(chosen.start, chosen.end, (DAY_S, HOUR_S, MINUTE_S)):
        rows = _of_functions(piece, chosen.project_id, function_ids).values_list("function_id")
        for function_id, *values in rows.annotate(**added).order_by():
            into = found.setdefault(function_id, [0] * len(_SUMS))
            for at, value in enumerate(values):
                into[at] += int(value)
    return found


def _p95_of(chosen: MetricRange, function_ids: Collection[UUID]) -> dict[UUID, int | None]:
    length = chosen.end - chosen.start
    step = MINUTE_S if length <= _RANKED_BY_MINUTES else HOUR_S if length <= _RANKED_BELOW_MONTHS else DAY_S
    rows = _touched(chosen, step, function_ids).annotate(whose=Cast("function_id", TextField())).order_by()
    merged: dict[str, MergedSketch] = {}
    for whose, sketch in rows.values_list("whose", "sketch"):
        into = merged.get(whose)  # as text: a UUID of each row would take as long as the merging
        if into is None:
            into = merged[whose] = MergedSketch()
        into.add(bytes(sketch))
    return {UUID(whose): as_us(sketch.quantiles((0.95,))[0]) for whose, sketch in merged.items()}


def _numbers(values: list[int]) -> Numbers:
    numbers: Numbers = dict(zip(_SUMS, values, strict=True))
    ran, failed = values[0], values[1]
    return {**numbers, "error_rate": failed / ran if ran else None, "p95_us": None}
