"""Reads of logs: one row an invocation, searched newest first within a bounded stretch. Telemetry only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, QuerySet

from functions.log_query import LogQuery, is_request_id
from functions.models import InvocationLog
from functions.queries.invocations import outcomes_named
from functions.queries.pages import make_marker, rows_after

ORDER = ("-at", "pk")
# No index serves a search for text, so one answer looks at no more logs than this, and says how far it got.
STRETCH = 20_000
_DECODED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LogRange:
    """Whose logs, and from when: times are [start, end)."""

    project_id: UUID
    start: datetime
    end: datetime
    function_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Logs found, newest first. `next_marker` continues after the last one; `searched_back_to` is set when
    the stretch ended before the range did, so that older ones are unknown, not absent."""

    items: list[InvocationLog]
    next_marker: str = ""
    searched_back_to: datetime | None = None


def logs(*, chosen: LogRange, query: LogQuery, marker: str = "", size: int = 50) -> LogPage:
    """A page of logs with their invocations; raises InvalidParameterValue for a foreign marker."""
    within = _ordered(chosen)
    if marker:
        within = rows_after(within, order=ORDER, marker=marker)
    floor = _floor(within) if not query.is_empty else None
    rows = matching(within if floor is None else within.filter(at__gte=floor.at), query)
    found = _take(rows.select_related("invocation"), query, size + 1)
    if len(found) > size:
        return LogPage(found[:size], make_marker(found[size - 1], ORDER))
    if floor is None:
        return LogPage(found)
    return LogPage(found, make_marker(floor, ORDER), floor.at)


def matching(rows: QuerySet[InvocationLog], query: LogQuery) -> QuerySet[InvocationLog]:
    """The rows whose text and invocation the query accepts; JSON fields are narrowed by their value only."""
    for term in (*query.terms, *(value for _, value in query.fields)):
        rows = rows.filter(text__icontains=term)
    for term in query.excluded:
        rows = rows.exclude(text__icontains=term)
    if query.level_shapes:
        rows = rows.filter(reduce(or_, (Q(text__icontains=shape) for shape in query.level_shapes)))
    return _of_invocations(rows, query.known)


def moments(*, chosen: LogRange, query: LogQuery) -> tuple[list[tuple[datetime, str]], datetime | None]:
    """When each matching log ended up where and how ((time, outcome), newest first) within one stretch, for a
    histogram; and how far back it looked, None for the whole range."""
    within = _ordered(chosen)
    floor = _floor(within)
    rows = matching(within if floor is None else within.filter(at__gte=floor.at), query)
    if query.fields:
        found = [
            (row.at, row.invocation.outcome) for row in _take(rows.select_related("invocation"), query, 2000)
        ]
    else:
        found = list(rows.values_list("at", "invocation__outcome"))
    return found, floor.at if floor else None


def _ordered(chosen: LogRange) -> QuerySet[InvocationLog]:
    rows = InvocationLog.objects.filter(project_id=chosen.project_id, at__gte=chosen.start, at__lt=chosen.end)
    if chosen.function_id:
        rows = rows.filter(function_id=chosen.function_id)
    return rows.order_by(*ORDER)


def _floor(rows: QuerySet[InvocationLog]) -> InvocationLog | None:
    """The last log of the stretch, when the range holds more."""
    return next(iter(rows.only("pk", "at")[STRETCH - 1 : STRETCH]), None)


def _take(rows: QuerySet[InvocationLog], query: LogQuery, wanted: int) -> list[InvocationLog]:
    if not query.fields:
        return list(rows[:wanted])
    found: list[InvocationLog] = []
    for row in rows.iterator(chunk_size=_DECODED_AT_ONCE):
        if query.matches_fields(row.text):
            found.append(row)
        if len(found) == wanted:
            break
    return found


def _of_invocations(rows: QuerySet[InvocationLog], known: dict[str, str]) -> QuerySet[InvocationLog]:
    request = known.get("request", "")
    if request:
        rows = rows.filter(invocation__request_id=request) if is_request_id(request) else rows.none()
    if known.get("outcome"):
        rows = rows.filter(invocation__outcome__in=outcomes_named(known["outcome"]))
    if known.get("cold"):
        rows = rows.filter(invocation__cold=known["cold"].lower() in {"true", "yes", "1"})
    exact = {"function": "function_name", "version": "version", "trigger": "trigger"}
    for word, column in exact.items():
        if known.get(word):
            rows = rows.filter(**{f"invocation__{column}": known[word]})
    return rows
