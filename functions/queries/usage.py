"""Reads of what was used and what it costs: per function and UTC day, from the daily roll-ups."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import QuerySet, Sum

from functions.models import UsageDay

MB_MS_PER_GB_SECOND = 1_024_000


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


@dataclass(frozen=True, slots=True)
class FunctionDay:
    """One row of the table: what one function used on one day."""

    function_id: UUID
    function_name: str
    day: date
    usage: Usage

    @property
    def next_day(self) -> date:
        """Where the day ends."""
        return self.day + timedelta(days=1)


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


def by_function_and_day(*, project_id: UUID, month: Month) -> list[FunctionDay]:
    """What each function used on each day of a month, by day and then dearest first."""
    days: dict[tuple[date, UUID, str], Usage] = {}
    for row in _of_month(project_id, month):  # one row for each price, nearly always one
        key = (row.day, row.function_id, row.function_name)
        days[key] = days.get(key, Usage()) + Usage(row.requests, row.mb_ms, row.cost_pico)
    found = [FunctionDay(function_id, name, day, used) for (day, function_id, name), used in days.items()]
    return sorted(found, key=lambda row: (row.day, -row.usage.cost_pico, row.function_name))


def of_month(*, project_id: UUID, month: Month, function_id: UUID | None = None) -> Usage:
    """What a project, or one function of it, used in a month."""
    rows = _of_month(project_id, month)
    if function_id:
        rows = rows.filter(function_id=function_id)
    found = rows.aggregate(requests=Sum("requests"), mb_ms=Sum("mb_ms"), cost_pico=Sum("cost_pico"))
    return Usage(**{name: value or 0 for name, value in found.items()})


def price_ids(*, project_id: UUID, month: Month) -> list[str]:
    """The prices that a month's records were charged at."""
    return sorted(set(_of_month(project_id, month).values_list("price_id", flat=True)))


def forecast_pico(*, spent: int, month: Month, today: date) -> int:
    """The month's cost if it goes on as it did: spent so far over the days begun, times the month's days."""
    if Month.of(today) != month:
        return spent
    return spent * month.days // today.day


def _of_month(project_id: UUID, month: Month) -> QuerySet[UsageDay]:
    return UsageDay.objects.filter(project_id=project_id, day__gte=month.first, day__lt=month.next.first)
