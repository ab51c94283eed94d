"""Reads of the per-minute roll-ups: series for charts, totals for tables. Never raw records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from functions.models import MetricMinute
from functions.quantiles import MergedSketch

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


@dataclass(slots=True)
class Totals:
    """Sums over some minutes. Durations in microseconds, memory in bytes, cost in 1e-12 USD."""

    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SUMS, 0))
    peaks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_PEAKS, 0))
    sketch: MergedSketch = field(default_factory=MergedSketch)

    def add(self, row: dict[str, Any]) -> None:
        """Count one minute's row in."""
        for name in _SUMS:
            self.sums[name] += row[name]
        for name in _PEAKS:
            self.peaks[name] = max(self.peaks[name], row[name])
        self.sketch.add(row["sketch"])

    def numbers(self) -> dict[str, int | float | None]:
        """Everything by name: the sums and peaks, p50_us, p95_us, p99_us, cost_usd, init_mean_us and
        error_rate (a fraction); what has no value while nothing ran is None."""
        p50, p95, p99 = (_as_us(value) for value in self.sketch.quantiles(QUANTILES))
        cold, ran = self.sums["cold_starts"], self.sums["invocations"]
        return {
            **self.sums,
            **self.peaks,
            "p50_us": p50,
            "p95_us": p95,
            "p99_us": p99,
            "cost_usd": self.sums["cost_pico"] / 1e12,
            "init_mean_us": round(self.sums["init_us"] / cold) if cold else None,
            "error_rate": self.sums["errors"] / ran if ran else None,
        }


def series(*, chosen: MetricRange, step_s: int) -> dict[int, dict[str, int | float | None]]:
    """The numbers of each step that has any, by the Unix second at which the step begins."""
    steps: dict[int, Totals] = {}
    for row in _rows(chosen):
        moment = int(row["minute"].timestamp()) // step_s * step_s
        steps.setdefault(moment, Totals()).add(row)
    return {moment: totals.numbers() for moment, totals in steps.items()}


def sums(*, chosen: MetricRange) -> dict[str, int]:
    """The sums of the whole range, added up by the database: cheap, but without percentiles."""
    found = _matching(chosen).aggregate(**{name: Sum(name) for name in _SUMS})
    return {name: value or 0 for name, value in found.items()}


def totals(*, chosen: MetricRange) -> dict[str, int | float | None]:
    """All numbers of the whole range. Merges every minute's sketch: some 15 µs for each."""
    whole = Totals()
    for row in _rows(chosen):
        whole.add(row)
    return whole.numbers()


def totals_by_function(*, chosen: MetricRange) -> dict[UUID, dict[str, int | float | None]]:
    """The numbers of the whole range for each function that ran in it."""
    by_function: dict[UUID, Totals] = {}
    for row in _rows(chosen):
        by_function.setdefault(row["function_id"], Totals()).add(row)
    return {function_id: found.numbers() for function_id, found in by_function.items()}


def newest_minute(*, project_id: UUID) -> datetime | None:
    """The newest minute that the recorder has counted."""
    rows = MetricMinute.objects.filter(project_id=project_id).order_by("-minute")
    return rows.values_list("minute", flat=True).first()


def _rows(chosen: MetricRange) -> Iterator[dict[str, Any]]:
    fields = ("function_id", "minute", *_SUMS, *_PEAKS, "sketch")
    yield from _matching(chosen).values(*fields).iterator(chunk_size=2000)


def _matching(chosen: MetricRange) -> QuerySet[MetricMinute]:
    rows = MetricMinute.objects.filter(
        project_id=chosen.project_id, minute__gte=chosen.start, minute__lt=chosen.end
    )
    exact = {"function_id": chosen.function_id, "version": chosen.version, "trigger": chosen.trigger}
    return rows.filter(**{name: value for name, value in exact.items() if value})


def _as_us(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)
