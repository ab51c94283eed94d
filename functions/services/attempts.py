"""How attempts of asynchronous events end: the gateway's record closes its attempt, once, and moves the event on
as functions.retry says. Called by services.records, inside its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from functions.bulk import Value, Values, insert_new, update
from functions.models import Attempt, Event
from functions.queries.event_configs import event_configs, key_of, policy_of
from functions.records import InvocationRecord
from functions.retry import Policy, after_attempt
from functions.rollups import at_us
from functions.services.destinations import CONDITIONS, Ended, forward
from functions.services.ended_events import blot_succeeded
from functions.services.events import store_accepted
from functions.states import EVENT_ENDED, FUNCTION_FAULTS, EventState, Outcome

_MOVED = (
    "state",
    "due_at",
    "ended_at",
    "function_errors",
    "last_outcome",
    "last_error",
    "lease_until",
    "lease_owner",
)
_READ = (
    "function_id",
    "qualifier",
    "state",
    "attempts",
    "function_errors",
    "accepted_at",
    "due_at",
    "ended_at",
    "lease_until",
    "lease_owner",
)


def close_attempts(records: Sequence[tuple[InvocationRecord, str]]) -> None:
    """Note the attempts that these records (with the ids of their rows) tell of, once each, and move their
    events on. Within the transaction that stores the records."""
    ids = {UUID(record.event_id) for record, _ in records}
    if not ids:
        return
    # Not the payload, which may have a megabyte.
    rows = Event.objects.select_for_update().only(*_READ, "last_outcome", "last_error")
    events = {event.pk: event for event in rows.filter(pk__in=ids).order_by("pk")}
    known = [(record, row) for record, row in records if UUID(record.event_id) in events]
    now = timezone.now()
    configs = event_configs({event.function_id for event in events.values()})
    succeeded: dict[UUID, str] = {}
    ended: list[Ended] = []
    for record in _new_attempts(known):
        event = events[UUID(record.event_id)]
        policy = policy_of(configs.get(key_of(event.function_id, event.qualifier)))
        if _move(event, record, now, policy) and event.state in EVENT_ENDED:
            ended.append(_ended(event, record))
        if event.state == EventState.SUCCEEDED:
            succeeded[event.pk] = record.revision_id
    values = Values(Event)
    update(Event, _MOVED, [_moved(values, event) for event in events.values()])
    if configs:
        store_accepted(forward(ended, now))
    if succeeded:
        blot_succeeded(succeeded)


def _moved(values: Values, event: Event) -> list[Value]:
    return [
        str(event.state),
        values.at(event.due_at),
        values.at(event.ended_at),
        event.function_errors,
        str(event.last_outcome),
        values.text(event.last_error),
        values.at(event.lease_until),
        event.lease_owner,
        values.uuid(str(event.pk)),
    ]


def _new_attempts(records: Sequence[tuple[InvocationRecord, str]]) -> list[InvocationRecord]:
    """Insert the attempts; the records of those that were not there, in the order they began."""
    values = Values(Attempt)
    rows = [
        [
            values.uuid(record.event_id),
            record.attempt,
            record.outcome.value,
            values.moment(at_us(record)),
            values.uuid(row),
        ]
        for record, row in records
    ]
    columns = ["event_id", "number", "outcome", "started_at", "invocation_id"]
    found = {(UUID(str(event)), number) for event, number in insert_new(Attempt, columns, rows, columns[:2])}
    new = []
    for record, _ in sorted(records, key=lambda pair: pair[0].attempt):
        key = (UUID(record.event_id), record.attempt)
        if key in found:
            found.remove(key)
            new.append(record)
    return new


def _ended(event: Event, record: InvocationRecord) -> Ended:
    return Ended(event.pk, event.function_id, event.qualifier, CONDITIONS[EventState(event.state)], record)


def _move(event: Event, record: InvocationRecord, now: datetime, policy: Policy) -> bool:
    """What a closed attempt means for its event; whether it means anything. One that succeeded ends the event
    whatever came later; one that failed decides nothing when a newer attempt is under way."""
    event.function_errors += record.outcome in FUNCTION_FAULTS
    succeeded = record.outcome == Outcome.SUCCESS
    is_newest = record.attempt >= event.attempts and event.state not in EVENT_ENDED
    if not succeeded and not is_newest:
        return False
    was_over = event.state == EventState.SUCCEEDED
    verdict = after_attempt(
        record.outcome,
        accepted_at=event.accepted_at,
        now=_ended_at(record, now),
        attempts=max(event.attempts, record.attempt),
        function_errors=event.function_errors,
        policy=policy,
    )
    event.state = verdict.state
    event.due_at = verdict.due_at or event.due_at
    event.ended_at = now if verdict.state in EVENT_ENDED else None
    event.last_outcome, event.last_error = record.outcome, record.error_message
    event.lease_until, event.lease_owner = None, ""
    return not was_over


def _ended_at(record: InvocationRecord, now: datetime) -> datetime:
    """When the attempt ended: a recorder that is behind must not put off the next one. A refused call has no
    beginning."""
    if not record.started_us:
        return now
    return min(now, datetime.fromtimestamp((record.started_us + record.duration_us) / 1_000_000, UTC))
