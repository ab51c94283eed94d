"""Adds sums of invocations to the rows of their minutes, hours, days and months. Called inside the transaction that
stores the invocations, so that each is counted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from functions.bulk import Value, Values, add_up, database_of, insert_new
from functions.ids import new_id
from functions.models import MetricMinute, MetricSpan, UsageDay, UsageMonth
from functions.rollups import (
    PEAKS,
    SUMS,
    DayKey,
    DaySums,
    MinuteKey,
    MinuteSums,
    MonthKey,
    MonthSums,
    SpanKey,
    day_of,
    minute_start,
)

_DAY_KEYS = ("function_id", "day", "price_id")
_DAY_SUMS = ("requests", "mb_ms", "cost_pico")
_MONTH_KEYS = ("function_id", "month", "price_id")
_MONTH_SUMS = (*_DAY_SUMS, "errors", "throttles", "cold_starts")
K = TypeVar("K", bound=MinuteKey | SpanKey)
StoredKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Table(Generic[K]):
    """A table of sums with sketches: `keys` are its columns, `narrow` those that find its rows by index, and
    `values` and `stored` give a key as a statement takes it and as the ORM gives it back."""

    model: type[MetricMinute] | type[MetricSpan]
    keys: tuple[str, ...]
    narrow: tuple[str, ...]
    sums: tuple[str, ...]
    values: Callable[[Values, K], list[Value]]
    stored: Callable[[K], StoredKey]


_MINUTES: _Table[MinuteKey] = _Table(
    MetricMinute,
    ("function_id", "minute", "version", "alias", "trigger"),
    ("function_id", "minute"),
    SUMS,
    lambda values, key: [values.uuid(key[0]), values.moment(key.minute * 60_000_000), *key[2:]],
    lambda key: (UUID(key.function_id), minute_start(key), *key[2:]),
)
_SPANS: _Table[SpanKey] = _Table(
    MetricSpan,
    ("subject_id", "step_s", "start", "version", "alias", "trigger"),
    ("subject_id", "step_s", "start"),
    (*SUMS, "mb_ms"),
    lambda values, key: [values.uuid(key[0]), key.step_s, values.moment(key.start * 1_000_000), *key[3:]],
    lambda key: (UUID(key.subject_id), key.step_s, _moment(key.start), *key[3:]),
)


def add_minutes(found: Mapping[MinuteKey, MinuteSums]) -> None:
    """Add to the rows of MetricMinute; within a transaction."""
    _add(_MINUTES, found)


def add_spans(found: Mapping[SpanKey, MinuteSums]) -> None:
    """Add to the rows of MetricSpan; within a transaction."""
    _add(_SPANS, found)


def add_days(found: Mapping[DayKey, DaySums]) -> None:
    """Add to the rows of UsageDay; within a transaction."""
    values = Values(UsageDay)
    rows = [
        _usage_row(values, key, [day_of(key).isoformat(), key.price_id], found[key], _DAY_SUMS)
        for key in sorted(found)
    ]
    add_up(UsageDay, keys=_DAY_KEYS, sums=_DAY_SUMS, rest=("project_id", "function_name"), rows=rows)


def add_months(found: Mapping[MonthKey, MonthSums]) -> None:
    """Add to the rows of UsageMonth; within a transaction."""
    values = Values(UsageMonth)
    names = (*_MONTH_SUMS, "last_us")
    rows = [
        _usage_row(values, key, [key.month.isoformat(), key.price_id], found[key], names)
        for key in sorted(found)
    ]
    add_up(
        UsageMonth,
        keys=_MONTH_KEYS,
        sums=_MONTH_SUMS,
        peaks=("last_us",),
        rest=("project_id", "function_name"),
        rows=rows,
    )


def _add(table: _Table[K], found: Mapping[K, MinuteSums]) -> None:
    ordered = sorted(found)  # two recorders lock in one order
    values = Values(table.model)
    if database_of(table.model).vendor != "sqlite":  # there the transaction has locked everything
        _make_sure_of_rows(table, values, found, ordered)
    sketches = _stored_sketches(table, ordered)
    rows = [_row(table, values, key, found[key], sketches.get(table.stored(key), b"")) for key in ordered]
    add_up(
        table.model, keys=table.keys, sums=table.sums, peaks=PEAKS, rest=("project_id", "sketch"), rows=rows
    )


def _make_sure_of_rows(
    table: _Table[K], values: Values, found: Mapping[K, MinuteSums], ordered: Sequence[K]
) -> None:
    """Empty rows to lock: a sketch is read, added to and written, and another recorder may do the same."""
    columns = ["id", *table.keys, *table.sums, *PEAKS, "project_id", "sketch"]
    empty: list[Value] = [0] * (len(table.sums) + len(PEAKS))
    rows = [
        [
            values.uuid(str(new_id())),
            *table.values(values, key),
            *empty,
            values.uuid(found[key].project_id),
            b"",
        ]
        for key in ordered
    ]
    insert_new(table.model, columns, rows, ["id"])


def _stored_sketches(table: _Table[K], ordered: Sequence[K]) -> dict[StoredKey, bytes]:
    places = [table.stored(key) for key in ordered]
    within = {f"{name}__in": {place[at] for place in places} for at, name in enumerate(table.narrow)}
    rows = table.model.objects.select_for_update().filter(**within).order_by(*table.keys)
    return {tuple(row[:-1]): bytes(row[-1]) for row in rows.values_list(*table.keys, "sketch")}


def _row(table: _Table[K], values: Values, key: K, sums: MinuteSums, stored_sketch: bytes) -> list[Value]:
    return [
        values.uuid(str(new_id())),
        *table.values(values, key),
        *(getattr(sums, name) for name in table.sums),
        *(getattr(sums, name) for name in PEAKS),
        values.uuid(sums.project_id),
        sums.sketch.merged_with(stored_sketch),
    ]


def _usage_row(
    values: Values, key: DayKey | MonthKey, place: list[Value], sums: DaySums, names: Sequence[str]
) -> list[Value]:
    return [
        values.uuid(str(new_id())),
        values.uuid(key.function_id),
        *place,
        *(getattr(sums, name) for name in names),
        values.uuid(sums.project_id),
        values.text(sums.function_name, 64),
    ]


def _moment(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
