"""Schedule expressions as EventBridge Scheduler has them: `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)` and
`at(2026-12-24T18:00:00)`, and when they fire in a time zone. Pure.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html

Wall-clock expressions follow the zone: a time that the clock skips fires once, right after the gap; a time
that it repeats fires once, the first time."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from functions.cron_fields import DAYS_OF_WEEK, MONTHS, DayOfMonth, DayOfWeek, number_set
from functions.errors import InvalidParameterValue

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_LAST_YEAR = 2199


@dataclass(frozen=True, slots=True)
class Rate:
    """Fires every `period`, counted from the previous firing."""

    period: timedelta


@dataclass(frozen=True, slots=True)
class Once:
    """Fires at one wall-clock time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Cron:
    """Fires at the wall-clock minutes that all six fields allow."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: DayOfMonth | None
    months: frozenset[int]
    day_of_week: DayOfWeek | None
    years: frozenset[int]

    def has_day(self, day: date) -> bool:
        """Whether it fires on that day at all."""
        if day.month not in self.months:
            return False
        if self.day_of_month is not None:
            return self.day_of_month.has(day)
        return self.day_of_week is None or self.day_of_week.has(day)


Expression = Rate | Once | Cron


def parse_expression(text: str) -> Expression:
    """The expression that `text` writes; raises InvalidParameterValue with field `expression` saying what
    is wrong."""
    text = text.strip() if text.isascii() else ""
    if text.startswith("rate("):
        return _parse_rate(text)
    if text.startswith("at("):
        return _parse_once(text)
    if text.startswith("cron(") and text.endswith(")"):
        return _parse_cron(text[5:-1])
    raise _wrong("An expression looks like rate(5 minutes), cron(0 9 * * ? *) or at(2026-12-24T18:00:00).")


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises InvalidParameterValue with field `timezone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidParameterValue(f"{name[:60]!r} is not an IANA time zone.", field="timezone") from None


def next_firing(expression: Expression, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first firing later than `after` (aware), in UTC; None when there is none left."""
    if isinstance(expression, Rate):
        return after.astimezone(UTC) + expression.period
    if isinstance(expression, Once):
        moment = _instant(expression.at, zone)
        return moment if moment > after else None
    # Walls up to the clock's reading are past: one that occurred did so by now, and the gap that skipped one
    # has ended, since the clock never reads a time inside a gap.
    for wall in _wall_times(expression, after.astimezone(zone).replace(tzinfo=None)):
        moment = _instant(wall, zone)
        if moment > after:
            return moment
    return None


def next_firings(expression: Expression, zone: ZoneInfo, after: datetime, count: int) -> list[datetime]:
    """The next `count` firings, fewer when fewer are left."""
    found: list[datetime] = []
    moment: datetime | None = after
    while moment is not None and len(found) < count:
        moment = next_firing(expression, zone, moment)
        if moment is not None:
            found.append(moment)
    return found


def _parse_rate(text: str) -> Rate:
    found = _RATE.fullmatch(text)
    if not found or int(found[1]) == 0 or int(found[1]) > 10**6:
        raise _wrong("A rate looks like rate(1 minute), rate(5 minutes), rate(2 hours) or rate(1 day).")
    if (int(found[1]) == 1) == found[2].endswith("s"):
        raise _wrong(f"Write rate({found[1]} {found[2].rstrip('s')}{'' if int(found[1]) == 1 else 's'}).")
    return Rate(int(found[1]) * _UNITS[found[2].rstrip("s")])


def _parse_once(text: str) -> Once:
    try:
        return Once(datetime.strptime(text, "at(%Y-%m-%dT%H:%M:%S)"))
    except ValueError:
        raise _wrong("A one-off time looks like at(2026-12-24T18:00:00).") from None


def _parse_cron(text: str) -> Cron:
    fields = text.split()
    if len(fields) != 6:
        raise _wrong(
            f"cron has six fields (minutes hours day-of-month month day-of-week year), not {len(fields)}."
        )
    minutes, hours, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise _wrong("One of day-of-month and day-of-week must be ?, and only one.")
    try:
        return Cron(
            tuple(sorted(number_set(minutes, 0, 59))),
            tuple(sorted(number_set(hours, 0, 23))),
            None if day == "?" else DayOfMonth.parse(day),
            number_set(month, 1, 12, MONTHS),
            None if weekday == "?" else DayOfWeek.parse(weekday, DAYS_OF_WEEK),
            number_set(year, 1970, _LAST_YEAR),
        )
    except ValueError as error:
        raise _wrong(str(error)) from None


def _wall_times(cron: Cron, after: datetime) -> Iterator[datetime]:
    """The wall-clock times of an expression later than `after`, ascending."""
    for day in _days(cron, after.date()):
        today = day == after.date()
        for hour in cron.hours:
            if today and hour < after.hour:
                continue
            for minute in cron.minutes:
                wall = datetime.combine(day, time(hour, minute))
                if wall > after:
                    yield wall


def _days(cron: Cron, start: date) -> Iterator[date]:
    day = start
    while day.year <= _LAST_YEAR:
        if day.year not in cron.years:
            day = date(day.year + 1, 1, 1)
            continue
        if day.month not in cron.months:
            day = day.replace(day=calendar.monthrange(day.year, day.month)[1]) + timedelta(days=1)
            continue
        if cron.has_day(day):
            yield day
        day += timedelta(days=1)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment that a wall clock shows `wall`: the first of two; after the gap if it is skipped."""
    first = wall.replace(tzinfo=zone, fold=0)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall:
        return first.astimezone(UTC)
    # Skipped: fold=1 reads it with the offset after the change, that is before the gap; the gap ends at the
    # first moment whose offset is the new one.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = first.astimezone(UTC)
    return _gap_end(before, after, zone)


def _gap_end(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    old = before.astimezone(zone).utcoffset()
    low, high = before, after
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _wrong(message: str) -> InvalidParameterValue:
    return InvalidParameterValue(message, field="expression")
