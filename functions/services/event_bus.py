"""Events that are put on the project's bus: checked, held against its rules, and stored as events of the functions
that the rules tell, in one transaction, so that none is lost once its sender has been told."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from functions import lineage
from functions.errors import Validation
from functions.event_inputs import input_of
from functions.ids import new_id
from functions.installation import region_of
from functions.limits import EVENT_PAYLOAD
from functions.models import EventTarget, Project
from functions.naming import parse_reference
from functions.queries.event_rules import targets_meant
from functions.queues import enqueue_drain
from functions.records import AcceptedEvent
from functions.services.event_rules import target_function
from functions.services.events import store_accepted
from functions.services.guard import require
from functions.snapshots import Principal
from functions.states import RecursiveLoop, Role, TriggerKind

LARGEST_REQUEST = EVENT_PAYLOAD
OVERHEAD = 14  # bytes of an entry that has a time
log = logging.getLogger("functory.event_bus")


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one entry: its id, or why it was not taken."""

    event_id: str = ""
    error_code: str = ""
    error_message: str = ""


def put_events(
    *, acting: Principal, project: Project, entries: Sequence[Mapping[str, Any]], trace: str = ""
) -> list[Put]:
    """Take entries in AWS's shape; raises Validation for more than a megabyte. `trace` is the caller's trace
    header, by which a loop through functions is known. No audit entry: events are not changes."""
    require(acting, Role.DEVELOPER, project.pk)
    if sum(map(_size, entries)) > LARGEST_REQUEST:
        raise Validation("Total size of the entries in the request is over the limit.")
    put, told = [], []
    for entry in entries:
        wrong = _wrong(entry)
        if wrong is not None:
            put.append(wrong)
            continue
        event = _event(project, region_of(acting), entry)
        told += _told(project, event, entry.get("TraceHeader") or trace)
        put.append(Put(event["id"]))
    if told:
        with transaction.atomic(using="telemetry"):
            store_accepted(told)
            transaction.on_commit(enqueue_drain, using="telemetry", robust=True)
    return put


def _told(project: Project, event: Mapping[str, Any], trace: str) -> list[AcceptedEvent]:
    """The events of the functions that the rules tell."""
    made = (_accepted(project, target, event, trace) for target in targets_meant(project.pk, event))
    return [one for one in made if one is not None]


def _accepted(
    project: Project, target: EventTarget, event: Mapping[str, Any], trace: str
) -> AcceptedEvent | None:
    function = target_function(project, target.arn)
    payload = input_of(target.settings, event, target.rule.arn)
    if function is None or len(payload.encode("utf-8", "replace")) > EVENT_PAYLOAD:
        log.warning("rule %s: %s does not exist, or its input is too large", target.rule.name, target.arn)
        return None
    extended, calls = lineage.extended(trace, str(function.pk))
    if calls > lineage.MOST_CALLS and function.recursive_loop == RecursiveLoop.TERMINATE:
        log.warning("rule %s: a recursive loop through %s ends here", target.rule.name, function.name)
        return None
    return AcceptedEvent(
        event_id=str(new_id()),
        project_id=str(project.pk),
        function_id=str(function.pk),
        qualifier=parse_reference(target.arn).qualifier,
        trigger=TriggerKind.EVENT_RULE,
        trigger_id=str(target.rule_id),
        accepted_us=int(timezone.now().timestamp() * 1_000_000),
        payload=payload,
        trace_id=extended.lstrip(";"),
    )


def _event(project: Project, region: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""
    return {
        "version": "0",
        "id": str(new_id()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": project.account,
        "time": _moment(entry.get("Time")).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": entry.get("Resources", []),
        "detail": json.loads(entry["Detail"]),
    }


def _moment(given: Any) -> datetime:
    if isinstance(given, int | float):
        try:
            return datetime.fromtimestamp(given, UTC)
        except (ValueError, OverflowError, OSError):
            raise Validation("Parameter Time is not valid.") from None
    return timezone.now()


def _wrong(entry: Mapping[str, Any]) -> Put | None:
    """What is wrong with one entry; the others are taken all the same."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return Put(error_code="InvalidArgument", error_message=reason)
    if entry["Source"].startswith("aws."):
        return Put(
            error_code="NotAuthorizedForSourceException",
            error_message="Not authorized for the source.",
        )
    if not is_default_bus(entry.get("EventBusName", "")):
        return Put(
            error_code="ResourceNotFoundException",
            error_message=f"Event bus {entry['EventBusName'][:100]} does not exist.",
        )
    try:
        detail = json.loads(entry["Detail"])
    except (ValueError, RecursionError):
        detail = None
    return (
        None
        if isinstance(detail, dict)
        else Put(error_code="MalformedDetail", error_message="Detail is malformed.")
    )


def is_default_bus(name: str) -> bool:
    """Whether a bus is the one that each project has."""
    return name.rpartition("event-bus/")[2] in {"", "default"}


def _size(entry: Mapping[str, Any]) -> int:
    """As AWS counts it (eb-putevent-size)."""
    texts = [entry.get(name, "") for name in ("Source", "DetailType", "Detail")] + list(
        entry.get("Resources", [])
    )
    return sum(len(text.encode("utf-8", "replace")) for text in texts) + (OVERHEAD if "Time" in entry else 0)
