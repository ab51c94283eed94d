"""Adds sums of invocations to the rows of their minutes and days. Called inside the transaction that stores the
invocations, so that each is counted once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from functions.bulk import Value, Values, add_up
from functions.ids import new_id
from functions.models import MetricMinute, UsageDay
from functions.rollups import DayKey, DaySums, MinuteKey, MinuteSums, day_of, minute_start

_MINUTE_KEYS = ("function_id", "minute", "version", "alias", "trigger")
_MINUTE_SUMS = (
    "invocations",
    "errors",
    "throttles",
    "platform_failures",
    "cold_starts",
    "duration_us",
    "init_us",
    "billed_ms",
    "cost_pico",
)
_MINUTE_PEAKS = ("duration_max_us", "memory_max", "concurrency_max", "event_age_us")
_DAY_KEYS = ("function_id", "day", "price_id")
_DAY_SUMS = ("requests", "mb_ms", "cost_pico")
StoredKey = tuple[UUID, datetime, str, str, str]


def add_minutes(found: Mapping[MinuteKey, MinuteSums]) -> None:
    """Add to the rows of MetricMinute; within a transaction."""
    ordered = sorted(found)  # two recorders lock in one order
    _make_sure_of_rows(found, ordered)
    sketches = _stored_sketches(found)
    values = Values(MetricMinute)
    rows = [_minute_row(values, key, found[key], sketches[_stored_key(key)]) for key in ordered]
    add_up(
        MetricMinute,
        keys=_MINUTE_KEYS,
        sums=_MINUTE_SUMS,
        peaks=_MINUTE_PEAKS,
        rest=("project_id", "sketch"),
        rows=rows,
    )


def add_days(found: Mapping[DayKey, DaySums]) -> None:
    """Add to the rows of UsageDay; within a transaction."""
    values = Values(UsageDay)
    rows = [_day_row(values, key, found[key]) for key in sorted(found)]
    add_up(UsageDay, keys=_DAY_KEYS, sums=_DAY_SUMS, rest=("project_id", "function_name"), rows=rows)


def _make_sure_of_rows(found: Mapping[MinuteKey, MinuteSums], ordered: list[MinuteKey]) -> None:
    """Empty rows to lock: a sketch is read, added to and written, and another recorder may do the same."""
    MetricMinute.objects.bulk_create(
        (
            MetricMinute(
                project_id=found[key].project_id,
                function_id=key.function_id,
                minute=minute_start(key),
                version=key.version,
                alias=key.alias,
                trigger=key.trigger,
            )
            for key in ordered
        ),
        ignore_conflicts=True,
    )


def _stored_sketches(found: Mapping[MinuteKey, MinuteSums]) -> dict[StoredKey, bytes]:
    rows = (
        MetricMinute.objects.select_for_update()
        .filter(
            function_id__in={key.function_id for key in found},
            minute__in={minute_start(key) for key in found},
        )
        .order_by(*_MINUTE_KEYS)
        .values_list(*_MINUTE_KEYS, "sketch")
    )
    return {tuple(row[:5]): bytes(row[5]) for row in rows}


def _stored_key(key: MinuteKey) -> StoredKey:
    return (UUID(key.function_id), minute_start(key), key.version, key.alias, key.trigger)


def _minute_row(values: Values, key: MinuteKey, sums: MinuteSums, stored_sketch: bytes) -> list[Value]:
    return [
        values.uuid(str(new_id())),
        values.uuid(key.function_id),
        values.moment(key.minute * 60_000_000),
        key.version,
        key.alias,
        key.trigger,
        *(getattr(sums, name) for name in (*_MINUTE_SUMS, *_MINUTE_PEAKS)),
        values.uuid(sums.project_id),
        sums.sketch.merged_with(stored_sketch),
    ]


def _day_row(values: Values, key: DayKey, sums: DaySums) -> list[Value]:
    return [
        values.uuid(str(new_id())),
        values.uuid(key.function_id),
        day_of(key).isoformat(),
        key.price_id,
        sums.requests,
        sums.mb_ms,
        sums.cost_pico,
        values.uuid(sums.project_id),
        values.text(sums.function_name, 64),
    ]
