"""Log events as CloudWatch Logs gives them: each line of a call's log, and what programs put into streams, in one
order. An event's id is 56 digits, as there: its time, then what makes it unique; a page continues behind an id."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from functions.filter_pattern import FilterPattern
from functions.log_streams import read_stream, stream_of
from functions.models import InvocationLog, LogEvent
from functions.queries.log_groups import STRETCH, Group, ended_ms, logs_of

MOST_BYTES = 1024 * 1024  # of one answer, as AWS has it
_ROWS = 10**33
_LINES = 10**10
_AT_ONCE = 200
WINDOW = 1000  # calls looked at at once; an answer looks at STRETCH of them
_LONGEST_CALL_S = 960  # 900, and some to start
# Calls that began before the range and may have ended in it are looked for by how long they took: so few are looked
# at in vain that, with a thousand at once, all of them are fewer than STRETCH. (Before, at least microseconds.)
_TIERS = tuple(
    (timedelta(seconds=upper), lower * 1_000_000)
    for lower, upper in ((0, 1), (1, 3), (3, 10), (10, 30), (30, 100), (100, 300), (300, _LONGEST_CALL_S))
)


# Id of the invocation, when it began, how many microseconds it took, version, sandbox.
Call = tuple[UUID, datetime, int, str, str]
Key = tuple[int, int, UUID, str]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event. Times are Unix milliseconds."""

    id: str
    at_ms: int
    put_ms: int
    stream: str
    message: str


@dataclass(frozen=True, slots=True)
class EventRange:
    """Which events: from `start_ms` to before `end_ms`, of these streams (None: of all), that the pattern means.
    `sandboxes` are those whose streams the named ones are. Those up to the id `after` have been given already."""

    start_ms: int
    end_ms: int
    pattern: FilterPattern
    streams: frozenset[str] | None = None
    sandboxes: frozenset[str] = frozenset()
    prefix: str = ""
    after: str = ""

    def has_stream(self, name: str) -> bool:
        """Whether the stream is one of those asked for."""
        return name.startswith(self.prefix) and (self.streams is None or name in self.streams)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in their order, and the id behind which more may be, "" at the end."""

    items: list[LogLine]
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where a source has looked at enough: what comes behind this id is not known."""

    id: str


Found = Iterator[LogLine | _Stop]


def event_page(group: Group, wanted: EventRange, size: int) -> EventPage:
    """The next events: at most `size`, and about a megabyte."""
    items: list[LogLine] = []
    taken = 0
    for line in heapq.merge(_calls(group, wanted), _put(group, wanted), key=_id):
        if isinstance(line, _Stop):
            return EventPage(items, line.id)
        if len(items) == size or taken > MOST_BYTES:
            return EventPage(items, items[-1].id)
        items.append(line)
        taken += len(line.message) + 26
    return EventPage(items)


def last_events(group: Group, wanted: EventRange, size: int, before: str) -> list[LogLine]:
    """The last events before the id `before` ("" for the very last), in their order: of the latest STRETCH calls."""
    at_ms = int(before[:13]) + 1 if before else wanted.end_ms
    end_ms = min(at_ms, wanted.end_ms)
    rows = _looked_at(_of_streams(group, wanted), wanted.start_ms, end_ms)
    keys = sorted(_keys(list(rows.reverse()[:STRETCH]), wanted, wanted.start_ms, end_ms), reverse=True)
    put = _stored(group, wanted).order_by("-at_ms", "-id").select_related("stream")[:STRETCH]
    calls = _lines(keys, wanted, backward=True)
    found: list[LogLine] = []
    taken = 0
    for line in heapq.merge(calls, map(_line, put), key=_id, reverse=True):
        if before and line.id >= before:
            continue
        if len(found) == size or taken > MOST_BYTES:
            break
        found.append(line)
        taken += len(line.message) + 26
    return found[::-1]


def event_id(at_ms: int, row: int, line: int = 0) -> str:
    """Sorts by time, then row, then line."""
    return f"{at_ms:013d}{row % _ROWS:033d}{line % _LINES:010d}"


def _id(line: LogLine | _Stop) -> str:
    return line.id


def _calls(group: Group, wanted: EventRange) -> Found:
    """Lines of the logs of calls, window by window. They are stored by when a call began, and given by when it ended:
    so it does not happen that a call of long ago comes up behind one that has been given already."""
    rows = _of_streams(group, wanted)
    start, seen, window = max(wanted.start_ms, int(wanted.after[:13] or 0)), 0, WINDOW
    while group.function_ids and start < wanted.end_ms:
        found = list(_looked_at(rows, start, wanted.end_ms)[: window + 1])
        seen += len(found)
        bound = wanted.end_ms
        if len(found) > window:
            # Whatever comes later began later, and so it ended later.
            bound = int(found[window][1].timestamp() * 1000)
            if bound <= start and window < STRETCH:
                window *= 4  # nothing but calls that began before
                continue
            bound = max(bound, start + 1)
        yield from _lines(sorted(_keys(found, wanted, start, bound)), wanted)
        start = bound
        if seen >= STRETCH and start < wanted.end_ms:
            yield _Stop(event_id(start, 0))
            return


def _of_streams(group: Group, wanted: EventRange) -> QuerySet[InvocationLog]:
    """The logs of the group, or of the sandboxes whose streams are asked for."""
    rows = logs_of(group)
    if wanted.streams is None:
        return rows
    days = [day for day in map(read_stream, wanted.streams) if day]
    if not days or not wanted.sandboxes:
        return rows.none()
    first, last = min(day.start for day in days), max(day.end for day in days)
    return rows.filter(at__gte=first, at__lt=last, invocation__sandbox_id__in=wanted.sandboxes)


def _looked_at(rows: QuerySet[InvocationLog], start_ms: int, end_ms: int) -> QuerySet[InvocationLog, Call]:
    """Calls that may have ended in the range, by when they began."""
    start, end = _moment(start_ms), _moment(end_ms)
    in_time = Q(at__gte=start)
    for before, longer_us in _TIERS:
        in_time |= Q(at__gte=_moment(start_ms, before), invocation__duration_us__gte=longer_us)
    near = rows.filter(in_time, at__gte=_moment(start_ms, _TIERS[-1][0]), at__lt=end)
    return near.order_by("at", "pk").values_list(
        "pk",
        "invocation__started_at",
        "invocation__duration_us",
        "invocation__version",
        "invocation__sandbox_id",
    )


def _keys(calls: Sequence[Call], wanted: EventRange, start_ms: int, end_ms: int) -> Iterator[Key]:
    """When each call ended, what it sorts by then, its id and its stream, where that is asked for."""
    for pk, began, took, version, box in calls:
        at_ms = ended_ms(began, took)
        if start_ms <= at_ms < end_ms and wanted.has_stream(stream := stream_of(began.date(), version, box)):
            yield at_ms, pk.int % _ROWS, pk, stream


def _lines(keys: Sequence[Key], wanted: EventRange, *, backward: bool = False) -> Iterator[LogLine]:
    """The lines of these logs, read a few at a time; texts without a term that must be there are not read at all."""
    at_once = WINDOW if wanted.pattern.required else _AT_ONCE
    for first in range(0, len(keys), at_once):
        some = keys[first : first + at_once]
        rows = InvocationLog.objects.filter(pk__in=[pk for _, _, pk, _ in some])
        for term in wanted.pattern.required:
            rows = rows.filter(text__contains=term)
        texts = dict(rows.values_list("pk", "text"))
        for at_ms, row, pk, stream in some:
            lines = list(enumerate(texts.get(pk, "").splitlines()))
            for number, text in reversed(lines) if backward else lines:
                found = LogLine(event_id(at_ms, row, number), at_ms, at_ms, stream, text + "\n")
                if found.id > wanted.after and wanted.pattern.matches(text):
                    yield found


def _put(group: Group, wanted: EventRange) -> Found:
    """What programs put into streams."""
    rows = _stored(group, wanted)
    if wanted.after:
        at_ms, row = int(wanted.after[:13]), int(wanted.after[13:46])
        rows = rows.filter(Q(at_ms__gt=at_ms) | Q(at_ms=at_ms, id__gte=min(row, 2**63 - 1)))
    found = rows.select_related("stream").order_by("at_ms", "id")[: STRETCH + 1]
    for number, event in enumerate(found.iterator(chunk_size=1000)):
        line = _line(event)
        if number == STRETCH:
            yield _Stop(event_id(event.at_ms, event.pk))
            return
        if line.id > wanted.after and wanted.pattern.matches(line.message):
            yield line


def _stored(group: Group, wanted: EventRange) -> QuerySet[LogEvent]:
    if group.row is None:
        return LogEvent.objects.none()
    oldest = int(group.oldest.timestamp() * 1000) if group.oldest else 0
    start, end = max(wanted.start_ms, oldest), min(wanted.end_ms, 2**62)
    rows = LogEvent.objects.filter(group=group.row, at_ms__gte=start, at_ms__lt=end)
    if wanted.streams is not None:
        rows = rows.filter(stream__name__in=wanted.streams)
    return rows.filter(stream__name__startswith=wanted.prefix) if wanted.prefix else rows


def _line(event: LogEvent) -> LogLine:
    put_ms = int(event.put_at.timestamp() * 1000)
    return LogLine(event_id(event.at_ms, event.pk), event.at_ms, put_ms, event.stream.name, event.message)


def _moment(ms: int, before: timedelta = timedelta(0)) -> datetime:
    """Within what a database can hold."""
    earlier = int(before.total_seconds() * 1000)
    return datetime.fromtimestamp(min(max(ms - earlier, 0), 253_402_300_799_000) / 1000, UTC)
