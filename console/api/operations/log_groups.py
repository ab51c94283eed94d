"""CloudWatch Logs: groups and streams."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from console.api.call import Call
from functions.errors import InvalidParameter, NotImplementedHere
from functions.queries.log_groups import Group, Stream, group_named, group_page, streams
from functions.services import log_groups as services

Output = dict[str, Any]
_PAGE = 50
_CLASS = "STANDARD"


def create_log_group(call: Call) -> Output:
    """A group for a program's own events, or a function's before it has logged anything."""
    call.refuse_given("kmsKeyId", "deletionProtectionEnabled")
    if call.get("logGroupClass", _CLASS) != _CLASS:
        raise NotImplementedHere("Functory's log groups are of the class STANDARD.")
    services.create_group(
        acting=call.principal, project=call.project, name=call["logGroupName"], tags=call.get("tags")
    )
    return {}


def delete_log_group(call: Call) -> Output:
    """A group with all that is in it."""
    services.delete_group(acting=call.principal, group=named(call))
    return {}


def describe_log_groups(call: Call) -> Output:
    """Groups by name."""
    call.refuse_given("accountIdentifiers", "logGroupIdentifiers", "includeLinkedAccounts")
    prefix, part = call.get("logGroupNamePrefix", ""), call.get("logGroupNamePattern", "")
    if prefix and part:
        raise InvalidParameter(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    start = read_token(call.get("nextToken", ""))
    size = call.get("limit", _PAGE)
    page, after = group_page(
        call.project, region=call.region, prefix=prefix, part=part, after=start, size=size
    )
    return {"logGroups": [_shown(group) for group in page], "nextToken": make_token(after)}


def put_retention_policy(call: Call) -> Output:
    """How many days its events are kept."""
    services.set_retention(acting=call.principal, group=named(call), days=call["retentionInDays"])
    return {}


def delete_retention_policy(call: Call) -> Output:
    """As long as the installation keeps logs."""
    services.set_retention(acting=call.principal, group=named(call), days=None)
    return {}


def create_log_stream(call: Call) -> Output:
    """A stream for a program's own events."""
    services.create_stream(acting=call.principal, group=named(call), name=call["logStreamName"])
    return {}


def delete_log_stream(call: Call) -> Output:
    """A stream with its events."""
    services.delete_stream(acting=call.principal, group=named(call), name=call["logStreamName"])
    return {}


def describe_log_streams(call: Call) -> Output:
    """Streams by name, or by their last event."""
    prefix, by_time = call.get("logStreamNamePrefix", ""), call.get("orderBy") == "LastEventTime"
    if prefix and by_time:
        raise InvalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
    group = named(call)
    order: Callable[[Stream], Any] = (lambda one: (one.last_ms or 0, one.name)) if by_time else _name
    found = sorted(streams(group, prefix), key=order, reverse=bool(call.get("descending")))
    start = read_token(call.get("nextToken", ""))
    if start and not start.isdecimal():
        raise InvalidParameter("The specified nextToken is invalid.")
    first = int(start or 0)
    last = first + call.get("limit", _PAGE)
    shown = [_stream_shown(group, stream) for stream in found[first:last]]
    return {"logStreams": shown, "nextToken": make_token(str(last)) if last < len(found) else None}


def named(call: Call) -> Group:
    """The group that the operation is about; raises ResourceNotFound."""
    name, identifier = call.get("logGroupName"), call.get("logGroupIdentifier")
    if bool(name) == bool(identifier):
        raise InvalidParameter("Exactly one of logGroupName and logGroupIdentifier must be given.")
    return group_named(call.project, call.region, name or identifier)


def make_token(text: str) -> str | None:
    """An opaque token; None at the end."""
    return base64.urlsafe_b64encode(text.encode()).decode() if text else None


def read_token(token: str) -> str:
    """What a token says; raises InvalidParameter for one that is none of ours."""
    try:
        return base64.b64decode(token, b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidParameter("The specified nextToken is invalid.") from None


def _name(stream: Stream) -> str:
    return stream.name


def _shown(group: Group) -> Output:
    return {
        "logGroupName": group.name,
        "creationTime": int(group.created_at.timestamp() * 1000),
        "retentionInDays": group.row.retention_days if group.row else None,
        "metricFilterCount": 0,
        "arn": f"{group.arn}:*",
        "storedBytes": 0,
        "logGroupClass": _CLASS,
        "logGroupArn": group.arn,
    }


def _stream_shown(group: Group, stream: Stream) -> Output:
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "firstEventTimestamp": stream.first_ms,
        "lastEventTimestamp": stream.last_ms,
        "lastIngestionTime": stream.put_ms,
        "uploadSequenceToken": "0",
        "arn": f"{group.arn}:log-stream:{stream.name}",
        "storedBytes": 0,
    }
