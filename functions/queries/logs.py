"""Reads of logs: one row an invocation, searched newest first and as far as a bounded amount of work goes.
Telemetry only."""

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
from functions.queries.log_windows import ORDER, LogRange, Walk, ordered
from functions.queries.pages import make_marker, marker_of

# One answer reads no more texts than this, and says how far back it got. Most are ruled out unread
# (functions.queries.log_windows).
STRETCH = 10_000
HISTOGRAM_STRETCH = 4_000  # a tuple for each is what costs
_DECODED_AT_ONCE = 500
_LAST_ID = UUID(int=2**128 - 1)  # behind all logs of one instant


@dataclass(frozen=True, slots=True)
class LogPage:
    """Logs found, newest first. `next_marker` continues after the last one; `searched_back_to` is set when
    the stretch ended before the range did, so that older ones are unknown, not absent."""

    items: list[InvocationLog]
    next_marker: str = ""
    searched_back_to: datetime | None = None


def logs(*, chosen: LogRange, query: LogQuery, marker: str = "", size: int = 50) -> LogPage:
    """A page of logs with their invocations; raises InvalidParameterValue for a foreign marker."""
    if query.is_empty:
        rows = ordered(chosen, marker).select_related("invocation")
        return _page(list(rows[: size + 1]), size, None)
    found: list[InvocationLog] = []
    walk = Walk(chosen, query, STRETCH, marker)
    for rows in walk.stretches():
        wanted = size + 1 - len(found)
        found += _take(matching(rows, query).select_related("invocation"), query, wanted)
        if len(found) > size:
            return _page(found, size, None)
    return _page(found, size, walk.reached)


def _page(found: list[InvocationLog], size: int, reached: datetime | None) -> LogPage:
    if len(found) > size:
        return LogPage(found[:size], make_marker(found[size - 1], ORDER))
    if reached is None:
        return LogPage(found)
    return LogPage(found, marker_of([reached, _LAST_ID]), reached)


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
    """When each matching log ended up where and how ((time, outcome), newest first), for a histogram; and how
    far back it looked, None for the whole range."""
    walk = Walk(chosen, query, HISTOGRAM_STRETCH)
    found: list[tuple[datetime, str]] = []
    for stretch in walk.stretches():
        rows = matching(stretch, query)
        if query.fields:
            joined = rows.select_related("invocation")
            found += [(row.at, row.invocation.outcome) for row in _take(joined, query, HISTOGRAM_STRETCH)]
        else:
            found += rows.values_list("at", "invocation__outcome")
    return found, walk.reached


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
