"""Keyset pages: an opaque marker says after which row the next page starts. Knows no particular model."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Model, Q, QuerySet, Value

from functions.errors import InvalidParameterValue
from functions.naming import plain_text

T = TypeVar("T")
S = TypeVar("S")
M = TypeVar("M", bound=Model)

# Counting past this costs more than the number is worth; pages then say "more than".
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows and where the next ones start ("" at the end). `approximate_total` is exact up to
    COUNT_LIMIT, and None where nobody counted."""

    items: list[T]
    next_marker: str = ""
    approximate_total: int | None = None

    def map(self, change: Callable[[T], S]) -> Page[S]:
        """The same page of other things."""
        return Page([change(item) for item in self.items], self.next_marker, self.approximate_total)


def keyset_page(rows: QuerySet[M], *, order: Sequence[str], marker: str, size: int) -> Page[M]:
    """The `size` rows after `marker` in `order`, whose last field must be unique; raises
    InvalidParameterValue for a marker that this order did not make."""
    ordered = rows.order_by(*order)
    if marker:
        ordered = rows_after(ordered, order=order, marker=marker)
    found = list(ordered[: size + 1])
    following = make_marker(found[size - 1], order) if len(found) > size else ""
    return Page(found[:size], following)


def rows_after(rows: QuerySet[M], *, order: Sequence[str], marker: str) -> QuerySet[M]:
    """The rows that sort after a marker; raises InvalidParameterValue."""
    try:
        return rows.filter(_after(order, read_marker(marker, len(order))))
    except (ValidationError, ValueError, TypeError) as error:
        raise InvalidParameterValue("The page marker is not valid.") from error


def count_up_to_limit(rows: QuerySet[Any]) -> int:
    """How many rows there are, at most COUNT_LIMIT."""
    # Of no column, so that what the condition has an index for is counted without looking at the rows.
    counted = rows.order_by().annotate(one=Value(1)).values("one")[:COUNT_LIMIT]
    return int(counted.aggregate(many=Count("one"))["many"])


def make_marker(row: Model, order: Sequence[str]) -> str:
    """The opaque marker of a row in an order."""
    return marker_of([getattr(row, field.lstrip("-")) for field in order])


def marker_of(values: Sequence[Any]) -> str:
    """The opaque marker of the values that a row sorts by."""
    text = json.dumps([_as_text(value) for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_marker(marker: str, length: int) -> list[Any]:
    """The values in a marker; raises InvalidParameterValue."""
    try:
        values = json.loads(base64.urlsafe_b64decode(marker + "=" * (-len(marker) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidParameterValue("The page marker is not valid.") from error
    if not isinstance(values, list) or len(values) != length:
        raise InvalidParameterValue("The page marker is not valid.")
    if any(isinstance(value, str) and plain_text(value, len(value)) != value for value in values):
        raise InvalidParameterValue("The page marker is not valid.")
    return [_as_value(value) for value in values]


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that sort after `values`: the first field differs, or it is equal and the second differs, ..."""
    condition = Q()
    equal = Q()
    for field, value in zip(order, values, strict=True):
        name = field.lstrip("-")
        beyond = Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        condition |= equal & beyond
        equal &= Q(**{name: value})
    # Redundant, but it lets both databases start the index scan at the marker.
    first = order[0].lstrip("-")
    bound = Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": values[0]})
    return bound & condition


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    return {"u": str(value)} if isinstance(value, UUID) else value


def _as_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        return datetime.fromisoformat(value["t"]) if "t" in value else UUID(value["u"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidParameterValue("The page marker is not valid.") from error
