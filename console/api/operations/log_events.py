"""CloudWatch Logs: events read, searched and put."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.api.call import Call
from console.api.operations.log_groups import make_token, named, read_token
from functions.errors import InvalidParameter, ResourceNotFound
from functions.filter_pattern import FilterPattern, read_pattern
from functions.queries.log_events import EventRange, LogLine, event_page, last_events
from functions.queries.log_groups import Group, sandboxes_of, stream_named
from functions.services.log_events import put_events

Output = dict[str, Any]
_MOST = 10_000
_EVER = 253_402_300_799_000  # the last millisecond of the year 9999


def filter_log_events(call: Call) -> Output:
    """Events of a group that a pattern means, in order of time."""
    prefix, names = call.get("logStreamNamePrefix", ""), call.get("logStreamNames")
    if prefix and names:
        raise InvalidParameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.")
    group = named(call)
    sandboxes = _sandboxes(group, names or ())
    wanted = EventRange(
        start_ms=call.get("startTime", 0),
        end_ms=call.get("endTime", _EVER),
        pattern=read_pattern(call.get("filterPattern", "")),
        streams=frozenset(names) if names else None,
        sandboxes=sandboxes,
        prefix=prefix,
        after=_position(read_token(call.get("nextToken", ""))),
    )
    page = event_page(group, wanted, call.get("limit", _MOST))
    events = [{"logStreamName": line.stream, **_shown(line), "eventId": line.id} for line in page.items]
    return {"events": events, "searchedLogStreams": [], "nextToken": make_token(page.after)}


def get_log_events(call: Call) -> Output:
    """Events of one stream: its last ones, or its first, and from there on to either side."""
    group, stream = named(call), call["logStreamName"]
    sandboxes = _sandboxes(group, [stream])
    forward, position = _direction(call)
    wanted = EventRange(
        start_ms=call.get("startTime", 0),
        end_ms=call.get("endTime", _EVER),
        pattern=FilterPattern(),
        streams=frozenset({stream}),
        sandboxes=sandboxes,
        after=position if forward else "",
    )
    size = call.get("limit", _MOST)
    ahead = event_page(group, wanted, size).items if forward else None
    items = last_events(group, wanted, size, before=position) if ahead is None else ahead
    first, last = (items[0].id, items[-1].id) if items else (position, position)
    return {
        "events": [_shown(line) for line in items],
        # At an end the same token comes again: that is how clients know that there is no more.
        "nextForwardToken": f"f/{last or _zero()}",
        "nextBackwardToken": f"b/{first or _zero()}",
    }


def put_log_events(call: Call) -> Output:
    """Events of a program's own. Sequence tokens are not asked for, as in AWS since 2023."""
    rejected = put_events(
        acting=call.principal, group=named(call), stream=call["logStreamName"], events=call["logEvents"]
    )
    told = {
        "tooNewLogEventStartIndex": rejected.too_new_from,
        "tooOldLogEventEndIndex": rejected.too_old_to,
        "expiredLogEventEndIndex": rejected.expired_to,
    }
    some = any(value is not None for value in told.values())
    return {"nextSequenceToken": "0", "rejectedLogEventsInfo": told if some else None}


def _sandboxes(group: Group, names: Sequence[str]) -> frozenset[str]:
    """Those whose streams are named; raises ResourceNotFound for a name that is of none, and was not made either."""
    found: set[str] = set()
    for name in names:
        boxes = sandboxes_of(group, name)
        if not boxes and stream_named(group, name) is None:
            raise ResourceNotFound("The specified log stream does not exist.")
        found.update(boxes)
    return frozenset(found)


def _direction(call: Call) -> tuple[bool, str]:
    """Whether to read on forward, and from which event on; raises InvalidParameter."""
    token = call.get("nextToken", "")
    if not token:
        return bool(call.get("startFromHead")), ""
    way, _, position = token.partition("/")
    if way not in {"f", "b"}:
        raise InvalidParameter("The specified nextToken is invalid.")
    return way == "f", _position(position)


def _position(text: str) -> str:
    if text and not (len(text) == len(_zero()) and text.isdecimal()):
        raise InvalidParameter("The specified nextToken is invalid.")
    return text


def _zero() -> str:
    return "0" * 56


def _shown(line: LogLine) -> Output:
    return {"timestamp": line.at_ms, "message": line.message, "ingestionTime": line.put_ms}
