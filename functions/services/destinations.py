"""Tells destinations of events that have ended: a function's event, or a queue's message, is stored in the same
transaction, so that none is lost and none told twice. Called where events end, inside that transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from functions import lineage
from functions.destinations import AGE_EXCEEDED, RETRIES_EXHAUSTED, SUCCESS, Answered, destination_record
from functions.errors import FunctoryError
from functions.ids import new_id
from functions.models import Event, EventInvokeConfig, Function, Revision
from functions.naming import parse_reference
from functions.queries.access import live_functions
from functions.queries.event_configs import event_configs, is_queue, key_of, may_tell
from functions.queries.message_queues import queue_by_arn
from functions.queues import enqueue_drain
from functions.records import AcceptedEvent, InvocationRecord
from functions.redaction import redacted
from functions.services.queue_messages import Sending, check_sending, send
from functions.states import LATEST, EventState, Outcome, RecursiveLoop, TriggerKind

CONDITIONS = {
    EventState.SUCCEEDED: SUCCESS,
    EventState.DEAD: RETRIES_EXHAUSTED,
    EventState.EXPIRED: AGE_EXCEEDED,
}
log = logging.getLogger("functory.destinations")


@dataclass(frozen=True, slots=True)
class Ended:
    """An event that has ended: why (functions.destinations), and the record of the attempt that ended it, None
    where it grew too old between two."""

    event_id: UUID
    function_id: UUID
    qualifier: str
    condition: str
    record: InvocationRecord | None = None


def forward(ended: Sequence[Ended], now: datetime) -> list[AcceptedEvent]:
    """The events that functions get, to be stored by the caller within its transaction; messages of queues are stored
    here."""
    configs = event_configs({one.function_id for one in ended}) if ended else {}
    told = []
    for one in ended:
        config = configs.get(key_of(one.function_id, one.qualifier))
        arn = _destination(config, one.condition)
        if arn:
            told += _told(one, arn, now)
    if told:
        transaction.on_commit(enqueue_drain, using="telemetry", robust=True)
    return told


def functions_with_failure_destinations() -> list[UUID]:
    """Functions of which somebody wants to hear that an event has failed."""
    rows = EventInvokeConfig.objects.exclude(on_failure="")
    return list(rows.values_list("function_id", flat=True).distinct())


def _destination(config: EventInvokeConfig | None, condition: str) -> str:
    if config is None:
        return ""
    return config.on_success if condition == SUCCESS else config.on_failure


def _told(ended: Ended, arn: str, now: datetime) -> list[AcceptedEvent]:
    event = Event.objects.filter(pk=ended.event_id).first()
    source = Function.objects.select_related("project", "latest").filter(pk=ended.function_id).first()
    if event is None or source is None:
        return []
    if not may_tell(source, _revision(ended.record, source), arn):
        log.warning("event %s: the role of %s may not tell its destination %s", event.pk, source.name, arn)
        return []
    payload = _payload(ended, event, source, now)
    if is_queue(arn):
        _send(source, event, arn, payload)
        return []
    return _call(source, event, arn, payload, now)


def _send(source: Function, event: Event, arn: str, payload: str) -> None:
    queue = queue_by_arn(source.project_id, source.project.account, arn)
    if queue is None:
        log.warning("event %s: its destination %s does not exist", event.pk, arn)
        return
    message = Sending(payload, trace=event.trace_id)
    try:
        check_sending(queue, message)
    except FunctoryError as error:
        log.warning("event %s: its destination %s does not take it: %s", event.pk, arn, error.message)
        return
    send(queue=queue, messages=[message], sender=source.name)


def _call(source: Function, event: Event, arn: str, payload: str, now: datetime) -> list[AcceptedEvent]:
    try:
        named = parse_reference(arn)
    except FunctoryError:
        return []
    rows = live_functions(source.project_id).filter(region=named.region, name=named.name)
    target = rows.exclude(latest=None).first()
    if target is None:
        log.warning("event %s: its destination %s does not exist", event.pk, arn)
        return []
    trace, calls = lineage.extended(event.trace_id, str(target.pk))
    if calls > lineage.MOST_CALLS and target.recursive_loop == RecursiveLoop.TERMINATE:
        log.warning("event %s: a recursive loop through %s ends here", event.pk, target.name)
        return []
    return [
        AcceptedEvent(
            event_id=str(new_id()),
            project_id=str(target.project_id),
            function_id=str(target.pk),
            qualifier=named.qualifier,
            trigger=TriggerKind.DESTINATION,
            trigger_id=str(source.pk),
            accepted_us=int(now.timestamp() * 1_000_000),
            payload=payload,
            trace_id=trace,
        )
    ]


def _payload(ended: Ended, event: Event, source: Function, now: datetime) -> str:
    record = ended.record
    ran = record is not None and record.outcome not in {Outcome.THROTTLED, Outcome.PLATFORM}
    answered = None
    if record is not None and ran:
        response = record.returned if record.returned is not None else record.response
        answered = Answered(record.version or LATEST, record.outcome != Outcome.SUCCESS, response)
    return destination_record(
        event_id=str(event.pk),
        function_arn=f"{source.arn}:{event.qualifier or LATEST}",
        condition=ended.condition,
        attempts=max(event.attempts, record.attempt if record else 0),
        payload=_without_redacted(event.payload, record, source),
        at=now,
        answered=answered,
    )


def _without_redacted(payload: str, record: InvocationRecord | None, source: Function) -> str:
    """What the source's settings keep out of the store stays out of the destination's event, too."""
    revision = _revision(record, source)
    paths = revision.redact if revision else []
    return (redacted(payload, paths) or "") if paths else payload


def _revision(record: InvocationRecord | None, source: Function) -> Revision | None:
    """The one that ran, or would run now."""
    if record is None or not record.revision_id:
        return source.latest
    return Revision.objects.filter(pk=record.revision_id).first()
