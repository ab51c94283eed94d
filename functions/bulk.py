"""Many rows in one statement, past the ORM's objects: the recorder stores thousands a second. Knows tables and
columns, not what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from functions.models.base import TelemetryRow

Value = bool | int | float | str | bytes | datetime | None
_PARAMETERS = 30_000  # SQLite takes 32,766 in one statement, PostgreSQL 65,535
_CHARACTERS = 8_000_000  # a log may have a million
_EPOCH = datetime(1970, 1, 1)  # SQLite's columns hold UTC without a zone, as Django writes it
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)


class Values:
    """Python values as the database of a model takes them."""

    def __init__(self, model: type[Model]) -> None:
        self._is_sqlite = database_of(model).vendor == "sqlite"

    def uuid(self, text: str) -> str | None:
        """A UUID's text; None for "". Raises ValueError for anything else."""
        if not text:
            return None
        digits = text.replace("-", "")
        if len(digits) != 32:
            raise ValueError(f"{text[:50]!r} is not a UUID")
        int(digits, 16)
        return digits if self._is_sqlite else text

    def moment(self, unix_us: int) -> Value:
        """A time given in Unix microseconds."""
        if self._is_sqlite:
            return str(_EPOCH + timedelta(microseconds=unix_us))
        return _EPOCH_UTC + timedelta(microseconds=unix_us)

    def at(self, moment: datetime | None) -> Value:
        """A time, aware or None."""
        if moment is None:
            return None
        return self.moment((moment - _EPOCH_UTC) // timedelta(microseconds=1))

    def text(self, text: str, longest: int = 0) -> str:
        """Text without NUL, which PostgreSQL does not take, cut to `longest` characters if that is given."""
        if "\0" in text:
            text = text.replace("\0", "\ufffd")
        return text[:longest] if longest and len(text) > longest else text


def database_of(model: type[Model]) -> BaseDatabaseWrapper:
    """The connection to the database that a model lives in."""
    return connections[router.db_for_write(model)]


def insert_new(
    model: type[TelemetryRow],
    columns: Sequence[str],
    rows: Sequence[Sequence[Value]],
    returning: Sequence[str],
) -> list[tuple[Any, ...]]:
    """Insert rows, but for those that a unique constraint says are there already; gives `returning` of the
    new ones, as the database gives them. Columns by their names in the table; values as from Values."""
    found: list[tuple[Any, ...]] = []
    if not rows:
        return found
    with database_of(model).cursor() as cursor:
        for part in _parts(rows, len(columns)):
            row = f"({', '.join(['%s'] * len(columns))})"
            cursor.execute(
                f"INSERT INTO {_quoted(model._meta.db_table)} ({_names(columns)}) "  # noqa: S608 - own names
                f"VALUES {', '.join([row] * len(part))} ON CONFLICT DO NOTHING RETURNING {_names(returning)}",
                [value for values in part for value in values],
            )
            found += cursor.fetchall()
    return found


def add_up(
    model: type[TelemetryRow],
    *,
    keys: Sequence[str],
    sums: Sequence[str],
    peaks: Sequence[str] = (),
    rest: Sequence[str] = (),
    rows: Sequence[Sequence[Value]],
) -> None:
    """Insert rows, or add to those with the same `keys`: `sums` are added, of `peaks` the larger stays, `rest`
    is replaced. Values come in the order id, keys, sums, peaks, rest."""
    database = database_of(model)
    table = _quoted(model._meta.db_table)
    larger = "MAX" if database.vendor == "sqlite" else "GREATEST"
    changes = [f"{_quoted(name)} = {table}.{_quoted(name)} + EXCLUDED.{_quoted(name)}" for name in sums]
    changes += [
        f"{_quoted(name)} = {larger}({table}.{_quoted(name)}, EXCLUDED.{_quoted(name)})" for name in peaks
    ]
    changes += [f"{_quoted(name)} = EXCLUDED.{_quoted(name)}" for name in rest]
    columns = ["id", *keys, *sums, *peaks, *rest]
    statement = (
        f"INSERT INTO {table} ({_names(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) "  # noqa: S608
        f"ON CONFLICT ({_names(keys)}) DO UPDATE SET {', '.join(changes)}"
    )
    with database.cursor() as cursor:
        cursor.executemany(statement, rows)


def update(model: type[TelemetryRow], columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
    """Set `columns` of rows by their id. Values come in the order columns, id; those of times and ids as from
    Values."""
    changes = ", ".join(f"{_quoted(name)} = %s" for name in columns)
    statement = f'UPDATE {_quoted(model._meta.db_table)} SET {changes} WHERE "id" = %s'  # noqa: S608
    with database_of(model).cursor() as cursor:
        cursor.executemany(statement, rows)


def _parts(rows: Sequence[Sequence[Value]], width: int) -> Iterator[Sequence[Sequence[Value]]]:
    """The rows in statements that are neither too long nor too heavy."""
    most = _PARAMETERS // width
    start, weight = 0, 0
    for number, row in enumerate(rows):
        weight += sum(len(value) for value in row if isinstance(value, str))
        if number + 1 - start == most or weight > _CHARACTERS:
            yield rows[start : number + 1]
            start, weight = number + 1, 0
    if start < len(rows):
        yield rows[start:]


def _names(columns: Sequence[str]) -> str:
    return ", ".join(_quoted(name) for name in columns)


def _quoted(name: str) -> str:
    return f'"{name}"'
