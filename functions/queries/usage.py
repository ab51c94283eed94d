"""Reads of what was used and what it costs: per function and UTC month, and by day for the few that are asked for,
from the roll-ups."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Min, QuerySet, Sum

from functions.models import MetricSpan, UsageDay, UsageMonth
from functions.rollups import DAY_S

MB_MS_PER_GB_SECOND = 1_024_000
_ADDED = {f"all_{name}": Sum(name) for name in ("requests", "mb_ms", "cost_pico")}


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests, memory in MB times billed milliseconds, and cost in 1e-12 USD."""

    requests: int = 0
    mb_ms: int = 0
    cost_pico: int = 0

    @property
    def gb_seconds(self) -> float:
        """What the second line of a bill counts."""
        return self.mb_ms / MB_MS_PER_GB_SECOND

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests, self.mb_ms + other.mb_ms, self.cost_pico + other.cost_pico
        )

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.requests - other.requests, self.mb_ms - other.mb_ms, self.cost_pico - other.cost_pico
        )


@dataclass(frozen=True, slots=True)
class FunctionDay:
    """One row of the table: what one function used on one day."""

    function_id: UUID
    function_name: str
    day: date
    usage: Usage


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that holds a day."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month | None:
        """The month of "2026-03", None for anything else."""
        year, _, number = text.partition("-")
        if not (year.isdecimal() and number.isdecimal() and 2000 <= int(year) <= 9998):
            return None
        return cls(int(year), int(number)) if 1 <= int(number) <= 12 else None

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return calendar.monthrange(self.year, self.number)[1]

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month.of(self.first + timedelta(days=self.days))

    @property
    def previous(self) -> Month:
        """The month before it."""
        return Month.of(self.first - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


@dataclass(frozen=True, slots=True)
class FunctionMonth:
    """What one function used in a month."""

    function_id: UUID
    function_name: str
    usage: Usage


def by_function(
    *, project_id: UUID, month: Month, order: str = "cost_pico", limit: int = 100, one_price: bool = False
) -> list[FunctionMonth]:
    """What the functions with most of `order` (a field of Usage) used, or by "name" the first ones. With
    `one_price` (see `extent`) each has one row, and nothing is added up."""
    added = {name: F(name.removeprefix("all_")) for name in _ADDED} if one_price else _ADDED
    rows = _of_month(project_id, month).values("function_id", "function_name").annotate(**added)
    by = ("function_name",) if order == "name" else (f"-all_{order}", "function_name")
    return [
        FunctionMonth(row["function_id"], row["function_name"], _usage(row))
        for row in rows.order_by(*by)[:limit]
    ]


@dataclass(frozen=True, slots=True)
class Extent:
    """How many functions a month's bill has, and the prices that its records were charged at."""

    functions: int
    price_ids: tuple[str, ...]


def extent(*, project_id: UUID, month: Month) -> Extent:
    """Of a month; one look at its rows where there is one price, as nearly always."""
    rows = _of_month(project_id, month)
    found = rows.aggregate(rows=Count("*"), least=Min("price_id"), most=Max("price_id"))
    if found["least"] == found["most"]:
        return Extent(found["rows"], (found["least"],) if found["rows"] else ())
    several = rows.aggregate(functions=Count("function_id", distinct=True))["functions"]
    return Extent(several, tuple(sorted(rows.values_list("price_id", flat=True).distinct())))


def days_of(*, function_ids: Collection[UUID], month: Month) -> list[FunctionDay]:
    """What each of some functions used on each day of a month, by day and then dearest first."""
    rows = UsageDay.objects.filter(
        function_id__in=function_ids, day__gte=month.first, day__lt=month.next.first
    )
    grouped: Any = rows.values("function_id", "function_name", "day").annotate(**_ADDED)
    return [
        FunctionDay(row["function_id"], row["function_name"], row["day"], _usage(row))
        for row in grouped.order_by("day", "-all_cost_pico", "function_name")
    ]


def by_day(*, project_id: UUID, month: Month) -> dict[date, Usage]:
    """What a whole project used on each day of a month."""
    return {
        start.astimezone(UTC).date(): Usage(requests, mb_ms, cost)
        for start, requests, mb_ms, cost in _days(project_id, month).values_list(
            "start", "invocations", "mb_ms", "cost_pico"
        )
    }


def of_month(*, project_id: UUID, month: Month, function_id: UUID | None = None) -> Usage:
    """What a project, or one function of it, used in a month."""
    if function_id is None:
        return sum(by_day(project_id=project_id, month=month).values(), Usage())
    return _usage(_of_month(project_id, month).filter(function_id=function_id).aggregate(**_ADDED))


def forecast_pico(*, spent: int, month: Month, today: date) -> int:
    """The month's cost if it goes on as it did: spent so far over the days begun, times the month's days."""
    if Month.of(today) != month:
        return spent
    return spent * month.days // today.day


def _of_month(project_id: UUID, month: Month) -> QuerySet[UsageMonth]:
    return UsageMonth.objects.filter(project_id=project_id, month=month.first, requests__gt=0)


def _days(project_id: UUID, month: Month) -> QuerySet[MetricSpan]:
    first, last = (datetime.combine(day, time(), UTC) for day in (month.first, month.next.first))
    rows = MetricSpan.objects.filter(subject_id=project_id, step_s=DAY_S, start__gte=first, start__lt=last)
    return rows.order_by("start")


def _usage(row: Mapping[str, Any]) -> Usage:
    return Usage(*(int(row[f"all_{name}"] or 0) for name in ("requests", "mb_ms", "cost_pico")))
