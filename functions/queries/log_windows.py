"""Where a search has to look: the stretches of time, newest first, whose logs the chunks' bit maps do not rule out
(functions.log_grams), and those that no chunk covers. Bounded by how many logs are read, not by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from functions.log_grams import may_hold, places_of
from functions.log_query import LogQuery
from functions.models import InvocationLog, LogChunk
from functions.queries.moments import as_text, read_moment
from functions.queries.pages import read_marker, rows_after

ORDER = ("-at", "pk")
# Of a function with fewer logs than this all are read: quicker than asking chunk by chunk.
_FEW = 3_000
_MOST_CHUNKS = 3_000  # looked at for one answer: 24 MB of bit maps
_MOST_STRETCHES = 100  # read for one answer: each is a query
_CHUNKS_AT_ONCE = 64
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LogRange:
    """Whose logs, and from when: times are [start, end)."""

    project_id: UUID
    start: datetime
    end: datetime
    function_id: UUID | None = None


def of_range(chosen: LogRange) -> QuerySet[InvocationLog]:
    """The logs of a range, in no order."""
    # Never by project and function at once: SQLite would take the project's index.
    of = {"function_id": chosen.function_id} if chosen.function_id else {"project_id": chosen.project_id}
    return InvocationLog.objects.filter(at__gte=chosen.start, at__lt=chosen.end, **of)


def ordered(chosen: LogRange, marker: str = "") -> QuerySet[InvocationLog]:
    """The same, newest first, behind a marker; raises InvalidParameterValue for a foreign one."""
    if not marker:
        return of_range(chosen).order_by(*ORDER)
    at = read_marker(marker, len(ORDER))[0]
    # One bound in time, not two: SQLite would start at the wider one.
    if not isinstance(at, datetime) or at >= chosen.end:
        narrowed = chosen
    else:
        narrowed = replace(chosen, end=at + _TICK)
        if at + _TICK < chosen.start:
            narrowed = replace(chosen, end=chosen.start)
    return rows_after(of_range(narrowed).order_by(*ORDER), order=ORDER, marker=marker)


@dataclass(frozen=True, slots=True)
class _Needed:
    """The bits that a chunk must have: all of `all_of`, and all of one of `any_of` unless that is empty."""

    all_of: frozenset[int]
    any_of: tuple[frozenset[int], ...]

    @classmethod
    def by(cls, query: LogQuery) -> _Needed:
        terms = (*query.terms, *(value for _, value in query.fields))
        shapes = tuple(places_of(shape) for shape in query.level_shapes)
        return cls(frozenset().union(*map(places_of, terms)), shapes)

    def rules_out(self, grams: bytes) -> bool:
        """Whether no log of a chunk can match."""
        if not may_hold(grams, self.all_of):
            return True
        return bool(self.any_of) and not any(may_hold(grams, places) for places in self.any_of)

    @property
    def is_nothing(self) -> bool:
        """Whether every chunk has them."""
        return not self.all_of and not any(self.any_of)


@dataclass(slots=True)
class Walk:
    """One answer's way back through the logs of a range, behind a marker if there is one; it reads at most
    `most` of them. `reached` is how far back it came when the work ended before the range did. Raises
    InvalidParameterValue for a foreign marker."""

    chosen: LogRange
    query: LogQuery
    most: int
    marker: str = ""
    reached: datetime | None = field(default=None, init=False)

    def stretches(self) -> Iterator[QuerySet[InvocationLog]]:
        """Rows to match, newest first."""
        left = self.most
        for number, (start, end) in enumerate(self._windows(), 1):
            rows = self._rows(start, end)
            held = rows.order_by()[:left].count()
            if held == left:
                self.reached = self._moment(rows, left - 1) or start
                yield self._rows(self.reached, end)
                return
            if number == _MOST_STRETCHES:
                self.reached = start
            if held:
                yield rows
            if self.reached is not None:
                return
            left -= held

    def _windows(self) -> Iterator[tuple[datetime, datetime]]:
        """Times [start, end) in which matches may lie, newest first."""
        everything = ordered(self.chosen, self.marker)
        newest = self._moment(everything, 0)
        if newest is None:
            return
        upper, needed = newest + _TICK, _Needed.by(self.query)
        if not needed.is_nothing and self._moment(everything, _FEW) is not None:
            for chunk_start, chunk_end, grams in self._chunks(upper):
                start, end = max(chunk_start, self.chosen.start), min(chunk_end, upper)
                if end < upper:
                    yield end, upper
                if not needed.rules_out(grams):
                    yield start, end
                upper = start
        if self.chosen.start < upper:
            yield self.chosen.start, upper

    def _chunks(self, upper: datetime) -> Iterator[tuple[datetime, datetime, bytes]]:
        rows = LogChunk.objects.filter(
            project_id=self.chosen.project_id, start__lt=upper, end__gt=self.chosen.start
        )
        texts = rows.annotate(from_text=as_text("start"), to_text=as_text("end")).order_by("-start")
        found = texts.values_list("from_text", "to_text", "grams")[:_MOST_CHUNKS]
        for start, end, grams in found.iterator(chunk_size=_CHUNKS_AT_ONCE):
            yield read_moment(start), read_moment(end), bytes(grams)

    def _rows(self, start: datetime, end: datetime) -> QuerySet[InvocationLog]:
        return ordered(replace(self.chosen, start=start, end=end), self.marker)

    def _moment(self, rows: QuerySet[InvocationLog], place: int) -> datetime | None:
        return next(iter(rows.values_list("at", flat=True)[place : place + 1]), None)
