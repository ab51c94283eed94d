"""The fields of a cron expression: number sets, and the day fields with their L, W and # forms. Pure.
Raises ValueError with a message for people."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS: Mapping[str, int] = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
# SUN is 1, as in EventBridge.
DAYS_OF_WEEK: Mapping[str, int] = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
_NEAREST = re.compile(r"(\d{1,2})W")
_NTH = re.compile(r"(\w{1,3})#([1-5])")


def number_set(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """`*`, `5`, `1-5`, `*/15`, `10-40/5`, `MON,WED`: the numbers that a field allows."""
    found: set[int] = set()
    for part in text.split(","):
        found |= _part(part, low, high, names or {})
    return frozenset(found)


def _part(text: str, low: int, high: int, names: Mapping[str, int]) -> set[int]:
    span, slash, step_text = text.partition("/")
    if slash and (not step_text.isdecimal() or int(step_text) == 0):
        raise ValueError(f"{text!r}: a step is a whole number above 0.")
    step = int(step_text) if slash else 1
    if span == "*":
        return set(range(low, high + 1, step))
    first_text, dash, last_text = span.partition("-")
    first = _number(first_text, low, high, names)
    if not dash:
        return set(range(first, high + 1, step)) if slash else {first}
    last = _number(last_text, low, high, names)
    if last >= first:
        return set(range(first, last + 1, step))
    wrapped = [*range(first, high + 1), *range(low, last + 1)]  # FRI-MON, NOV-FEB
    return set(wrapped[::step])


def _number(text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    value = names.get(text.upper()) if not text.isdecimal() else int(text)
    if value is None or not low <= value <= high:
        raise ValueError(f"{text!r} is not a number from {low} to {high}{' or a name' if names else ''}.")
    return value


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """Days of a month: numbers, the last day (L), or the weekday nearest to a day (15W, LW)."""

    days: frozenset[int] = frozenset()
    last: bool = False
    nearest_weekday_to: int = 0
    last_weekday: bool = False

    @classmethod
    def parse(cls, text: str) -> DayOfMonth:
        """Read the field; raises ValueError."""
        nearest = _NEAREST.fullmatch(text)
        if text == "L":
            return cls(last=True)
        if text == "LW":
            return cls(last_weekday=True)
        if nearest and 1 <= int(nearest[1]) <= 31:
            return cls(nearest_weekday_to=int(nearest[1]))
        return cls(days=number_set(text, 1, 31))

    def has(self, day: date) -> bool:
        """Whether the field allows that day."""
        length = calendar.monthrange(day.year, day.month)[1]
        if self.last:
            return day.day == length
        if self.last_weekday:
            return day == _nearest_weekday(day.replace(day=length), length)
        if self.nearest_weekday_to:
            target = self.nearest_weekday_to
            return target <= length and day == _nearest_weekday(day.replace(day=target), length)
        return day.day in self.days


def _nearest_weekday(day: date, length: int) -> date:
    """Monday to Friday closest to `day` within its month."""
    if day.weekday() == 5:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.weekday() == 6:
        return day + timedelta(days=1) if day.day < length else day - timedelta(days=2)
    return day


@dataclass(frozen=True, slots=True)
class DayOfWeek:
    """Days of a week: numbers (SUN is 1), the last such day of a month (6L), or the n-th one (6#3)."""

    days: frozenset[int] = frozenset()
    last: bool = False
    nth: int = 0

    @classmethod
    def parse(cls, text: str, names: Mapping[str, int]) -> DayOfWeek:
        """Read the field; raises ValueError."""
        nth = _NTH.fullmatch(text)
        if nth:
            return cls(days=number_set(nth[1], 1, 7, names), nth=int(nth[2]))
        if text == "L":
            return cls(days=frozenset({7}))
        if text.endswith("L"):
            return cls(days=number_set(text[:-1], 1, 7, names), last=True)
        return cls(days=number_set(text, 1, 7, names))

    def has(self, day: date) -> bool:
        """Whether the field allows that day."""
        if day.isoweekday() % 7 + 1 not in self.days:
            return False
        if self.last:
            return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return not self.nth or (day.day - 1) // 7 + 1 == self.nth
