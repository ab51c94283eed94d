"""Reads of the roll-ups: series for charts and totals for sentences (functions.queries.metric_ranks has a row for
each of the busiest functions). Never raw records; of a long range the sums of hours and days, and minutes only where
it begins or ends within an hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import add
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from functions.models import MetricMinute, MetricSpan
from functions.quantiles import MergedSketch
from functions.queries.moments import as_text, read_moment
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
class Piece:
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
        self.sums = list(map(add, self.sums, row))
        self.peaks = list(map(max, self.peaks, row[len(_SUMS) :]))
        self.sketch.add(bytes(row[-1]))

    def numbers(self) -> dict[str, int | float | None]:
        """Everything by name: the sums and peaks, p50_us, p95_us, p99_us, cost_usd, init_mean_us and
        error_rate (a fraction); what has no value while nothing ran is None."""
        p50, p95, p99 = (as_us(value) for value in self.sketch.quantiles(QUANTILES))
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
    for second, row in _rows(chosen, step_s):
        begins = second // step_s * step_s
        totals = steps.get(begins)
        if totals is None:
            totals = steps[begins] = Totals()
        totals.add(row)
    return {moment: totals.numbers() for moment, totals in steps.items()}


def periods(*, chosen: MetricRange, period_s: int) -> list[dict[str, int | float | None]]:
    """The numbers of each stretch of so many seconds (whole minutes) from the range's start on, also of those in
    which nothing ran. One read for all of them."""
    many = int((chosen.end - chosen.start).total_seconds()) // period_s
    found = [Totals() for _ in range(many)]
    start = int(chosen.start.timestamp())
    for second, row in _rows(chosen, MINUTE_S):
        found[(second - start) // period_s].add(row)
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
    for _, row in _rows(chosen, DAY_S):
        whole.add(row)
    return whole.numbers()


def newest_minute(*, project_id: UUID) -> datetime | None:
    """The newest minute that the recorder has counted."""
    rows = MetricMinute.objects.filter(project_id=project_id).order_by("-minute")
    return rows.values_list("minute", flat=True).first()


def cover(start: datetime, end: datetime, steps: tuple[int, ...]) -> list[Piece]:
    """[start, end) in pieces of whole steps, each as long as it can be; `steps` in seconds, longest first. What
    is shorter than the last step is left to it."""
    step, *finer = steps
    if not finer:
        return [Piece(step, start, end)] if start < end else []
    first, last = at_step(start + timedelta(seconds=step, microseconds=-1), step), at_step(end, step)
    if first >= last:
        return cover(start, end, tuple(finer))
    whole = [Piece(step, first, last)]
    return [*cover(start, first, tuple(finer)), *whole, *cover(last, end, tuple(finer))]


def _pieces(chosen: MetricRange, step_s: int) -> list[Piece]:
    """What covers a range so that no row is longer than a step of `step_s`."""
    steps = [step for step in (DAY_S, HOUR_S, MINUTE_S) if step_s % step == 0]
    if chosen.is_divided and DAY_S in steps:
        steps.remove(DAY_S)
    return cover(chosen.start, chosen.end, tuple(steps))


def _rows(chosen: MetricRange, step_s: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The Unix second at which each row begins; and its sums, peaks and sketch."""
    for piece in _pieces(chosen, step_s):
        rows = _matching(chosen, piece).annotate(moment=as_text("begins"))
        # Not by a cursor: PostgreSQL would plan for the first rows and read the whole table.
        for moment, *row in rows.values_list("moment", *_SUMS, *_PEAKS, "sketch"):
            yield int(read_moment(moment).timestamp()), tuple(row)


def _matching(chosen: MetricRange, piece: Piece) -> QuerySet[Any]:
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


def at_step(moment: datetime, step_s: int) -> datetime:
    """The beginning of the step, counted from 1970, that holds a moment."""
    return datetime.fromtimestamp(int(moment.timestamp()) // step_s * step_s, UTC)


def as_us(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)
