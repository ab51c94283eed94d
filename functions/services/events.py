"""Asynchronous events on their way: stored once, claimed with a lease, given back or buried when nothing could
run. How attempts end is services.attempts'.

An attempt's number is taken when the event is claimed and never used again. So a record that comes late, after
the lease ran out or a worker gave the event back, closes its own attempt and no other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F, Q, QuerySet

from functions.bulk import Value, Values, insert_new
from functions.destinations import AGE_EXCEEDED
from functions.limits import EVENT_MAX_AGE_S
from functions.models import Event
from functions.queries.event_configs import event_configs, key_of, policy_of
from functions.records import AcceptedEvent
from functions.retry import back_off, due_again
from functions.services.destinations import Ended, forward, functions_with_failure_destinations
from functions.states import EVENT_ENDED, EventState

LEASE_MARGIN = timedelta(seconds=60)
EXPIRED_AT_ONCE = 200
_COLUMNS = (
    "id",
    "project_id",
    "function_id",
    "qualifier",
    "trigger",
    "trigger_id",
    "payload",
    "client_context",
    "trace_id",
    "state",
    "attempts",
    "function_errors",
    "accepted_at",
    "due_at",
    "lease_owner",
    "last_outcome",
    "last_error",
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An event to deliver now, as attempt number `attempt`; the lease has to be renewed before it ends."""

    event: Event
    attempt: int
    timeout: timedelta


def store_accepted(events: Sequence[AcceptedEvent]) -> list[AcceptedEvent]:
    """Make rows of accepted events; those that are there already stay as they are. Returns the new ones.
    Raises DataError or ValueError for an event that cannot be stored."""
    values = Values(Event)
    rows = [_row(values, event) for event in events]
    known = {UUID(event.event_id): event for event in events}
    if not rows:
        return []
    with transaction.atomic(using="telemetry"):
        found = insert_new(Event, _COLUMNS, rows, ["id"])
    return [known[UUID(str(row[0]))] for row in found]


def any_due(now: datetime, *, lost_before: datetime) -> bool:
    """Whether a drain would find something to do."""
    return Event.objects.filter(_due(now, lost_before)).exists()


def any_lost(now: datetime) -> bool:
    """Whether the lease of some event has run out without a record that closed it."""
    return Event.objects.filter(state=EventState.CLAIMED, lease_until__lt=now).exists()


def claim_due(
    *,
    limit: int,
    owner: str,
    now: datetime,
    lost_before: datetime,
    timeouts: Callable[[Collection[UUID]], Mapping[UUID, timedelta]],
    skipped: Collection[UUID] = (),
    only: UUID | None = None,
) -> list[Claimed]:
    """Claim up to `limit` due events, the longest waiting first, but none of the functions `skipped`, or only
    those of one function. An event whose lease ended before `lost_before` was lost with its worker and is
    claimed anew. Events past their maximum age expire. `timeouts` gives each function's longest run."""
    with transaction.atomic(using="telemetry"):
        _expire(now, lost_before)
        rows = Event.objects.filter(_due(now, lost_before)).exclude(function_id__in=skipped)
        rows = rows.filter(function_id=only) if only else rows
        can_skip = connections["telemetry"].features.has_select_for_update_skip_locked
        events = list(rows.select_for_update(skip_locked=can_skip).order_by("due_at")[:limit])
        events = _young(events, now)
        longest = timeouts({event.function_id for event in events}) if events else {}
        claimed = [_claimed(event, longest) for event in events]
        for timeout in {claim.timeout for claim in claimed}:
            ids = [claim.event.pk for claim in claimed if claim.timeout == timeout]
            Event.objects.filter(pk__in=ids).update(
                state=EventState.CLAIMED,
                attempts=F("attempts") + 1,
                lease_owner=owner,
                lease_until=now + timeout + LEASE_MARGIN,
            )
    return claimed


def renew(claims: Iterable[Claimed], *, owner: str, now: datetime) -> None:
    """Hold claimed events longer: each for its time-out and a margin from now on."""
    by_timeout: dict[timedelta, list[UUID]] = {}
    for claim in claims:
        by_timeout.setdefault(claim.timeout, []).append(claim.event.pk)
    for timeout, ids in by_timeout.items():
        held = Event.objects.filter(pk__in=ids, state=EventState.CLAIMED, lease_owner=owner)
        held.update(lease_until=now + timeout + LEASE_MARGIN)


def give_back(claim: Claimed, *, reason: str, now: datetime) -> None:
    """Nothing ran and no record will tell: the event is due again after a back-off, without having used up a
    retry."""
    event = claim.event
    tries = claim.attempt - event.function_errors
    config = event_configs([event.function_id]).get(key_of(event.function_id, event.qualifier))
    due_at = now + back_off(tries)
    verdict = due_again(accepted_at=event.accepted_at, due_at=due_at, policy=policy_of(config))
    with transaction.atomic(using="telemetry"):
        moved = _held(claim).update(
            state=verdict.state,
            due_at=verdict.due_at or event.due_at,
            ended_at=now if verdict.state in EVENT_ENDED else None,
            last_error=reason,
            lease_until=None,
            lease_owner="",
        )
        if moved and verdict.state == EventState.EXPIRED:
            _tell_expired([event], now)


def bury(claim: Claimed, *, reason: str, now: datetime) -> None:
    """It can never run (its function is gone, say): a dead letter at once."""
    _held(claim).update(
        state=EventState.DEAD, ended_at=now, last_error=reason, lease_until=None, lease_owner=""
    )


def _row(values: Values, event: AcceptedEvent) -> list[Value]:
    return [
        values.uuid(event.event_id),
        values.uuid(event.project_id),
        values.uuid(event.function_id),
        event.qualifier,
        event.trigger.value,
        values.text(event.trigger_id, 64),
        values.text(event.payload),
        values.text(event.client_context),
        values.text(event.trace_id, 128),
        EventState.PENDING.value,
        0,
        0,
        values.moment(event.accepted_us),
        values.moment(event.due_us or event.accepted_us),
        "",
        "",
        "",
    ]


def _due(now: datetime, lost_before: datetime) -> Q:
    waiting = Q(state=EventState.PENDING, due_at__lte=now)
    return waiting | Q(state=EventState.CLAIMED, lease_until__lt=lost_before)


def _expire(now: datetime, lost_before: datetime) -> None:
    """All at once; only those whose end a destination hears of are looked at, some at a time."""
    too_old = now - timedelta(seconds=EVENT_MAX_AGE_S)
    rows = Event.objects.filter(_due(now, lost_before), accepted_at__lte=too_old)
    hearing = functions_with_failure_destinations()
    if hearing:
        _end_expired(list(rows.filter(function_id__in=hearing)[:EXPIRED_AT_ONCE]), now)
        rows = rows.exclude(function_id__in=hearing)
    rows.update(state=EventState.EXPIRED, ended_at=now, lease_until=None, lease_owner="")


def _young(events: Sequence[Event], now: datetime) -> list[Event]:
    """Those that their own configuration does not call too old; the others expire."""
    configs = event_configs({event.function_id for event in events}) if events else {}
    if not configs:
        return list(events)

    def is_old(event: Event) -> bool:
        policy = policy_of(configs.get(key_of(event.function_id, event.qualifier)))
        return event.accepted_at + policy.max_age <= now

    old = [event for event in events if is_old(event)]
    _end_expired(old, now)
    return [event for event in events if event not in old]


def _end_expired(events: Sequence[Event], now: datetime) -> None:
    if not events:
        return
    Event.objects.filter(pk__in=[event.pk for event in events]).update(
        state=EventState.EXPIRED, ended_at=now, lease_until=None, lease_owner=""
    )
    _tell_expired(events, now)


def _tell_expired(events: Sequence[Event], now: datetime) -> None:
    ended = [Ended(event.pk, event.function_id, event.qualifier, AGE_EXCEEDED) for event in events]
    store_accepted(forward(ended, now))


def _claimed(event: Event, longest: Mapping[UUID, timedelta]) -> Claimed:
    event.attempts += 1
    return Claimed(event, event.attempts, longest.get(event.function_id, timedelta(0)))


def _held(claim: Claimed) -> QuerySet[Event]:
    """The claimed row, unless a record or another worker has moved it on."""
    return Event.objects.filter(pk=claim.event.pk, state=EventState.CLAIMED, attempts=claim.attempt)
