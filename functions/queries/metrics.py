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
_ROW_SUMS = ("invocations", "errors", "throttles", "cold_starts", "cost_pico")
# Of a longer range only those functions are looked at that did most in its months: all days of all functions
# would be hundreds of thousands of rows.
_LOOKED_AT_WHOLE = timedelta(hours=48)
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
    the days that it touches. By p95_us the functions with the most calls are sorted."""
    counted = RANKS[order]
    among = None
    if chosen.end - chosen.start > _LOOKED_AT_WHOLE:
        among = _candidates(chosen, counted)
    found = {function_id: _row_numbers(values) for function_id, values in _sums_by(chosen, among).items()}
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
    exact = {"version": chosen.version, "trigger": chosen.trigger}
    only: dict[str, Any] = {name: value for name, value in exact.items() if value}
    if chosen.function_id is None and not chosen.is_divided:
        only["subject_id"] = chosen.project_id
    elif piece.step_s == MINUTE_S:
        rows = MetricMinute.objects.filter(
            project_id=chosen.project_id, minute__gte=piece.start, minute__lt=piece.end, **only
        )
        rows = rows.filter(function_id=chosen.function_id) if chosen.function_id else rows
        return rows.annotate(begins=F("minute"))
    elif chosen.function_id:
        only["subject_id"] = chosen.function_id
    return _spans(chosen, piece).filter(**only).annotate(begins=F("start"))


def _spans(chosen: MetricRange, piece: _Piece) -> QuerySet[MetricSpan]:
    return MetricSpan.objects.filter(
        project_id=chosen.project_id, step_s=piece.step_s, start__gte=piece.start, start__lt=piece.end
    )


def _candidates(chosen: MetricRange, counted: str) -> list[UUID]:
    first = chosen.start.astimezone(UTC).date().replace(day=1)
    rows = UsageMonth.objects.filter(
        project_id=chosen.project_id, month__gte=first, month__lt=chosen.end.date()
    )
    ranked = rows.values("function_id").annotate(most=Sum(counted)).order_by("-most", "function_id")
    return list(ranked.values_list("function_id", flat=True)[:_CANDIDATES])


def _sums_by(chosen: MetricRange, among: Collection[UUID] | None) -> dict[UUID, list[int]]:
    """The sums of `_ROW_SUMS` by function: of those that are named, or of all that have rows."""
    steps = (HOUR_S, MINUTE_S) if among is None else (DAY_S, HOUR_S, MINUTE_S)
    found: dict[UUID, list[int]] = {}
    for piece in cover(chosen.start, chosen.end, steps):
        for function_id, *values in _grouped(chosen, piece, among):
            into = found.setdefault(function_id, [0] * len(_ROW_SUMS))
            for at, value in enumerate(values):
                into[at] += int(value)
    return found


def _grouped(chosen: MetricRange, piece: _Piece, among: Collection[UUID] | None) -> QuerySet[Any, Any]:
    added = {f"all_{name}": Sum(name) for name in _ROW_SUMS}
    rows: QuerySet[Any]
    if piece.step_s == MINUTE_S:
        name = "function_id"
        rows = MetricMinute.objects.filter(
            project_id=chosen.project_id, minute__gte=piece.start, minute__lt=piece.end
        )
    else:
        name = "subject_id"
        rows = _spans(chosen, piece).exclude(subject_id=chosen.project_id)
    if among is not None:
        rows = rows.filter(**{f"{name}__in": among})
    return rows.values_list(name).annotate(**added).order_by()


def _p95_of(chosen: MetricRange, function_ids: Collection[UUID]) -> dict[UUID, int | None]:
    step = DAY_S if chosen.end - chosen.start > _LOOKED_AT_WHOLE else HOUR_S
    rows: QuerySet[Any]
    if chosen.end - chosen.start <= timedelta(hours=2):
        rows = MetricMinute.objects.filter(
            function_id__in=function_ids, minute__gte=chosen.start, minute__lt=chosen.end
        ).annotate(subject_id=F("function_id"))
    else:
        rows = MetricSpan.objects.filter(
            subject_id__in=function_ids,
            step_s=step,
            start__gte=_at_step(chosen.start, step),
            start__lt=chosen.end,
        )
    merged: dict[UUID, MergedSketch] = {}
    for function_id, sketch in rows.order_by().values_list("subject_id", "sketch"):
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
