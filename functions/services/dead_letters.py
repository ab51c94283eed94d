"""What people do with asynchronous events that did not succeed: try them again, or drop them."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from functions.errors import ResourceConflict, ResourceNotFound
from functions.models import Event
from functions.queues import enqueue_drain
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import EventState, Role

DEAD = frozenset({EventState.DEAD, EventState.EXPIRED})
DROPPABLE = DEAD | {EventState.PENDING}


def redrive(*, acting: Principal, event: Event) -> Event:
    """Give a dead letter its retries and its maximum age anew, from now; its attempts keep their numbers.
    Raises ResourceConflict unless it is one."""
    require(acting, Role.OPERATOR, event.project_id)
    now = timezone.now()
    with transaction.atomic(), transaction.atomic(using="telemetry"):
        held = _held(event, DEAD, "Only a dead letter can be tried again.")
        before = {"state": held.state, "attempts": held.attempts}
        held.state, held.function_errors = EventState.PENDING, 0
        held.accepted_at = held.due_at = now
        held.ended_at = held.lease_until = None
        held.lease_owner = ""
        held.save()
        record(acting, "event.redrive", held, project_id=held.project_id, name=str(held.pk), before=before)
        transaction.on_commit(enqueue_drain, using="telemetry", robust=True)
    return held


def drop(*, acting: Principal, event: Event) -> None:
    """Forget an event that waits or is dead, with its list of attempts; the records of its calls stay.
    Raises ResourceConflict while it is in flight or when it succeeded."""
    require(acting, Role.OPERATOR, event.project_id)
    with transaction.atomic(), transaction.atomic(using="telemetry"):
        held = _held(event, DROPPABLE, "Only an event that waits or is dead can be dropped.")
        before = {"state": held.state, "attempts": held.attempts}
        record(acting, "event.drop", held, project_id=held.project_id, name=str(held.pk), before=before)
        held.delete()


def _held(event: Event, allowed: Collection[str], refusal: str) -> Event:
    """The row, locked, in one of the allowed states: a worker may claim it at the same moment."""
    held = Event.objects.select_for_update().filter(pk=event.pk).first()
    if held is None:
        raise ResourceNotFound("There is no such event.")
    if held.state not in allowed:
        raise ResourceConflict(refusal)
    return held
