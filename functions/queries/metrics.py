"""Reads of the roll-ups: series for charts, totals for sentences, a row for each of the busiest functions. Never raw
records; of a long range the sums of hours and days, and minutes only where it begins or ends within an hour."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from functions.models import MetricMinute, MetricSpan, UsageMonth
from functions.quantiles import MergedSketch
from functions.rollups import DAY_S, HOUR_S, MINUTE_S

QUANTILES = (0.5, 0.95, 0.99)
_SUMS = (
    "invocations",
    "errors",
    "throttles",
    "platform_failures",
    "cold_starts",
    "duration_us",
    "init_us",
    "cost_pico",
)
_PEAKS = ("memory_max", "concurrency_max")
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
_ROW_SUMS = ("invocations", "errors", "throttles", "cold_starts", "cost_pico")
# Only the functions that did most are looked at closely. Which ones these are is told by the hours of a short
# range, and by the months of a longer one: all days of all functions would be hundreds of thousands of rows.
_RANKED_BY_HOURS = timedelta(hours=48)
_RANKED_BY_MINUTES = timedelta(hours=2)
_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class MetricRange:
    """Whose metrics, and when: times are [start, end) on whole minutes; empty fields do not restrict."""

    project_id: UUID
    start: datetime
    end: datetime
    function_id: UUID | None = None
    version: str = ""
    trigger: str = ""

    @property
    def is_divided(self) -> bool:
        """Whether only part of what a subject did is asked for."""
        return bool(self.version or self.trigger)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a range that rows of one step cover."""

    step_s: int
    start: datetime
    end: datetime


@dataclass(slots=True)
class Totals:
    """Sums over some stretches. Durations in microseconds, memory in bytes, cost in 1e-12 USD."""

    sums: list[int] = field(default_factory=lambda: [0] * len(_SUMS))
    peaks: list[int] = field(default_factory=lambda: [0] * len(_PEAKS))
    sketch: MergedSketch = field(default_factory=MergedSketch)

    def add(self, row: tuple[Any, ...]) -> None:
        """Count a row of `_rows` in, without its moment."""
        for at in range(len(_SUMS)):
            self.sums[at] += row[at]
        for at, value in enumerate(row[len(_SUMS) : -1]):
            self.peaks[at] = max(self.peaks[at], value)
        self.sketch.add(row[-1])

    def numbers(self) -> dict[str, int | float | None]:
        """Everything by name: the sums and peaks, p50_us, p95_us, p99_us, cost_usd, init_mean_us and
        error_rate (a fraction); what has no value while nothing ran is None."""
        p50, p95, p99 = (_as_us(value) for value in self.sketch.quantiles(QUANTILES))
        sums = dict(zip(_SUMS, self.sums, strict=True))
        cold, ran = sums["cold_starts"], sums["invocations"]
        return {
            **sums,
            **dict(zip(_PEAKS, self.peaks, strict=True)),
            "p50_us": p50,
            "p95_us": p95,
            "p99_us": p99,
            "cost_usd": sums["cost_pico"] / 1e12,
            "init_mean_us": round(sums["init_us"] / cold) if cold else None,
            "error_rate": sums["errors"] / ran if ran else None,
        }


def series(*, chosen: MetricRange, step_s: int) -> dict[int, dict[str, int | float | None]]:
    """The numbers of each step that has any, by the Unix second at which the step begins."""
    steps: dict[int, Totals] = {}
    for moment, *row in _rows(chosen, step_s):
        begins = int(moment.timestamp()) // step_s * step_s
        steps.setdefault(begins, Totals()).add(tuple(row))
    return {moment: totals.numbers() for moment, totals in steps.items()}


def periods(*, chosen: MetricRange, period_s: int) -> list[dict[str, int | float | None]]:
    """The numbers of each stretch of so many seconds (whole minutes) from the range's start on, also of those in
    which nothing ran. One read for all of them."""
    many = int((chosen.end - chosen.start).total_seconds()) // period_s
    found = [Totals() for _ in range(many)]
    for moment, *row in _rows(chosen, MINUTE_S):
        found[int((moment - chosen.start).total_seconds()) // period_s].add(tuple(row))
    return [totals.numbers() for totals in found]


def counts(*, chosen: MetricRange, step_s: int) -> list[tuple[datetime, int, int]]:
    """When how many calls began, and how many of them failed, in stretches of at most `step_s`."""
    step = max(step for step in (HOUR_S, MINUTE_S) if step_s % step == 0)
    found: list[tuple[datetime, int, int]] = []
    for piece in _pieces(chosen, step):
        found += _matching(chosen, piece).values_list("begins", "invocations", "errors")
    return found


def sums(*, chosen: MetricRange) -> dict[str, int]:
    """The sums of the whole range, added up by the database: cheap, but without percentiles."""
    found = dict.fromkeys(_SUMS, 0)
    for piece in _pieces(chosen, DAY_S):
        added = _matching(chosen, piece).aggregate(**{name: Sum(name) for name in _SUMS})
        for name, value in added.items():
            found[name] += int(value or 0)
    return found


def totals(*, chosen: MetricRange) -> dict[str, int | float | None]:
    """All numbers of the whole range."""
    whole = Totals()
    for _, *row in _rows(chosen, DAY_S):
        whole.add(tuple(row))
    return whole.numbers()


def by_function(
    *, chosen: MetricRange, order: str = "invocations", limit: int = 50
) -> list[tuple[UUID, dict[str, int | float | None]]]:
    """The sums, error_rate and p95_us of the functions with most of `order`, a key of RANKS; raises KeyError. Of
    more than two days those compete that have most of it in the months that the range touches, and p95 is of
    the hours, of more than two days the days, that it touches. By p95_us the functions with the most calls are
    sorted."""
    if order not in RANKS:
        raise KeyError(order)
    among = _candidates(chosen, order)
    found = {function_id: _row_numbers(values) for function_id, values in _sums_of(chosen, among).items()}
    first = "invocations" if order == "p95_us" else order
    ranked = sorted(found, key=lambda function_id: (-(found[function_id][first] or 0), function_id))[:limit]
    for function_id, p95 in _p95_of(chosen, ranked).items():
        found[function_id]["p95_us"] = p95
    ranked.sort(key=lambda function_id: -(found[function_id][order] or 0))
    return [(function_id, found[function_id]) for function_id in ranked]


def newest_minute(*, project_id: UUID) -> datetime | None:
    """The newest minute that the recorder has counted."""
    rows = MetricMinute.objects.filter(project_id=project_id).order_by("-minute")
    return rows.values_list("minute", flat=True).first()


def cover(start: datetime, end: datetime, steps: tuple[int, ...]) -> list[_Piece]:
    """[start, end) in pieces of whole steps, each as long as it can be; `steps` in seconds, longest first. What
    is shorter than the last step is left to it."""
    step, *finer = steps
    if not finer:
        return [_Piece(step, start, end)] if start < end else []
    first, last = _at_step(start + timedelta(seconds=step, microseconds=-1), step), _at_step(end, step)
    if first >= last:
        return cover(start, end, tuple(finer))
    whole = [_Piece(step, first, last)]
    return [*cover(start, first, tuple(finer)), *whole, *cover(last, end, tuple(finer))]


def _pieces(chosen: MetricRange, step_s: int) -> list[_Piece]:
    """What covers a range so that no row is longer than a step of `step_s`."""
    steps = [step for step in (DAY_S, HOUR_S, MINUTE_S) if step_s % step == 0]
    if chosen.is_divided and DAY_S in steps:
        steps.remove(DAY_S)
    return cover(chosen.start, chosen.end, tuple(steps))


def _rows(chosen: MetricRange, step_s: int) -> Iterator[tuple[Any, ...]]:
    """Moment, sums, peaks and sketch."""
    for piece in _pieces(chosen, step_s):
        rows = _matching(chosen, piece).values_list("begins", *_SUMS, *_PEAKS, "sketch")
        yield from rows.iterator(chunk_size=2000)


def _matching(chosen: MetricRange, piece: _Piece) -> QuerySet[Any]:
    """The rows of a piece, with `begins`. A subject is enough: with the project as well, SQLite would take the
    project's index and read all its functions."""
    exact = {"version": chosen.version, "trigger": chosen.trigger}
    only: dict[str, Any] = {name: value for name, value in exact.items() if value}
    subject = chosen.function_id or (None if chosen.is_divided else chosen.project_id)
    if piece.step_s == MINUTE_S and subject != chosen.project_id:
        of = {"function_id": subject} if subject else {"project_id": chosen.project_id}
        minutes = MetricMinute.objects.filter(minute__gte=piece.start, minute__lt=piece.end, **of, **only)
        return minutes.annotate(begins=F("minute"))
    of = {"subject_id": subject} if subject else {"project_id": chosen.project_id}
    rows = MetricSpan.objects.filter(step_s=piece.step_s, start__gte=piece.start, start__lt=piece.end)
    return rows.filter(**of, **only).annotate(begins=F("start"))


def _candidates(chosen: MetricRange, order: str) -> list[UUID]:
    """The functions that come into question, those with most first."""
    length = chosen.end - chosen.start
    rows: QuerySet[Any]
    if length > _RANKED_BY_HOURS:
        first = chosen.start.astimezone(UTC).date().replace(day=1)
        rows = UsageMonth.objects.filter(month__gte=first, month__lt=chosen.end.date()).values("function_id")
        rows = rows.annotate(most=Sum(RANKS[order]))
    else:
        step = MINUTE_S if length <= _RANKED_BY_MINUTES else HOUR_S
        rows = _touched(chosen, step).values("function_id").annotate(most=Sum(_COUNTED.get(order, order)))
    rows = rows.filter(project_id=chosen.project_id).order_by("-most", "function_id")
    return list(rows.values_list("function_id", flat=True)[:_CANDIDATES])


def _touched(chosen: MetricRange, step_s: int, among: Collection[UUID] | None = None) -> QuerySet[Any]:
    """The rows of functions, by `function_id`, that begin in the range or hold its beginning."""
    return _of_functions(_Piece(step_s, _at_step(chosen.start, step_s), chosen.end), chosen.project_id, among)


def _of_functions(piece: _Piece, project_id: UUID, among: Collection[UUID] | None) -> QuerySet[Any]:
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
    """The sums of `_ROW_SUMS` by function, to the minute."""
    added = {f"all_{name}": Sum(name) for name in _ROW_SUMS}
    found: dict[UUID, list[int]] = {}
    for piece in cover(chosen.start, chosen.end, (DAY_S, HOUR_S, MINUTE_S)):
        rows = _of_functions(piece, chosen.project_id, function_ids).values_list("function_id")
        for function_id, *values in rows.annotate(**added).order_by():
            into = found.setdefault(function_id, [0] * len(_ROW_SUMS))
            for at, value in enumerate(values):
                into[at] += int(value)
    return found


def _p95_of(chosen: MetricRange, function_ids: Collection[UUID]) -> dict[UUID, int | None]:
    length = chosen.end - chosen.start
    step = MINUTE_S if length <= _RANKED_BY_MINUTES else HOUR_S if length <= _RANKED_BY_HOURS else DAY_S
    rows = _touched(chosen, step, function_ids).order_by().values_list("function_id", "sketch")
    merged: dict[UUID, MergedSketch] = {}
    for function_id, sketch in rows:
        merged.setdefault(function_id, MergedSketch()).add(bytes(sketch))
    return {function_id: _as_us(sketch.quantiles((0.95,))[0]) for function_id, sketch in merged.items()}


def _row_numbers(values: list[int]) -> dict[str, int | float | None]:
    numbers: dict[str, int | float | None] = dict(zip(_ROW_SUMS, values, strict=True))
    ran, failed = values[0], values[1]
    return {**numbers, "error_rate": failed / ran if ran else None, "p95_us": None}


def _at_step(moment: datetime, step_s: int) -> datetime:
    """The beginning of the step, counted from 1970, that holds a moment."""
    return datetime.fromtimestamp(int(moment.timestamp()) // step_s * step_s, UTC)


def _as_us(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)
