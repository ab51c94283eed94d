"""What people do with asynchronous events that did not succeed: try them again, or drop them; one, some or all,
and to the version that they were for or to another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from functions.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.models import Event, Function, Project
from functions.queues import enqueue_drain
from functions.services.guard import record, require
from functions.services.triggers import check_target
from functions.snapshots import Principal
from functions.states import EventState, Role

DEAD = frozenset({EventState.DEAD, EventState.EXPIRED})
DROPPABLE = DEAD | {EventState.PENDING}
MOST_AT_ONCE = (
    10_000  # rows that one statement holds: SQLite has one writer, and calls are recorded meanwhile
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The events that are meant: those of `ids`, or with None all; of one function, or with None of every one."""

    project: Project
    ids: frozenset[UUID] | None = None
    function: Function | None = None

    def rows(self, states: Collection[str]) -> QuerySet[Event]:
        """Those in one of the states, the oldest first, as many as one statement may hold."""
        rows = Event.objects.filter(project_id=self.project.pk, state__in=states)
        rows = rows.filter(function_id=self.function.pk) if self.function else rows
        rows = rows if self.ids is None else rows.filter(pk__in=self.ids)
        return rows.order_by("accepted_at", "pk")[:MOST_AT_ONCE]

    @property
    def target(self) -> Model:
        """What the audit log names: there is no one event."""
        return self.function or self.project


def redrive(*, acting: Principal, event: Event, qualifier: str | None = None) -> Event:
    """Give a dead letter its retries and its maximum age anew, from now; its attempts keep their numbers.
    `qualifier` sends it to another version or alias. Raises ResourceConflict unless it is a dead letter, and
    ResourceNotFound for a version that does not exist."""
    require(acting, Role.OPERATOR, event.project_id)
    with transaction.atomic(), transaction.atomic(using="telemetry"):
        held = _held(event, DEAD, "Only a dead letter can be tried again.")
        if qualifier is not None:
            function = Function.objects.filter(pk=held.function_id, deleted_at__isnull=True).first()
            _check_target(function, qualifier)
        before = {"state": held.state, "attempts": held.attempts, "qualifier": held.qualifier}
        _revive(Event.objects.filter(pk=held.pk), qualifier)
        held.refresh_from_db()
        after = {"state": held.state, "qualifier": held.qualifier}
        name, project_id = str(held.pk), held.project_id
        record(acting, "event.redrive", held, project_id=project_id, name=name, before=before, after=after)
        transaction.on_commit(enqueue_drain, using="telemetry", robust=True)
    return held


def redrive_chosen(*, acting: Principal, chosen: Chosen, qualifier: str | None = None) -> int:
    """The same for several, and says how many there were: those that are no dead letters (any more) stay as they
    are. A `qualifier` needs the one function whose version it is."""
    require(acting, Role.OPERATOR, chosen.project.pk)
    if qualifier is not None:
        _check_target(chosen.function, qualifier)
    with transaction.atomic(), transaction.atomic(using="telemetry"):
        held = _hold(chosen, DEAD)
        if held:
            _revive(Event.objects.filter(pk__in=held), qualifier)
            after = {"events": len(held), "qualifier": "as before" if qualifier is None else qualifier}
            _note(acting, "events.redrive", chosen, after)
            transaction.on_commit(enqueue_drain, using="telemetry", robust=True)
    return len(held)


def drop_chosen(*, acting: Principal, chosen: Chosen) -> int:
    """Forget events that wait or are dead, with their lists of attempts, and say how many there were: those in
    flight or succeeded stay, as do the records of all calls."""
    require(acting, Role.OPERATOR, chosen.project.pk)
    with transaction.atomic(), transaction.atomic(using="telemetry"):
        held = _hold(chosen, DROPPABLE)
        if held:
            _note(acting, "events.drop", chosen, {"events": len(held)})
            Event.objects.filter(pk__in=held).delete()
    return len(held)


def _check_target(function: Function | None, qualifier: str) -> None:
    if function is None:
        raise InvalidParameterValue("Choose one function: versions are a function's own.", field="to")
    check_target(function, qualifier)


def _revive(rows: QuerySet[Event], qualifier: str | None) -> None:
    now = timezone.now()
    where = {} if qualifier is None else {"qualifier": qualifier}
    rows.update(
        state=EventState.PENDING,
        function_errors=0,
        accepted_at=now,
        due_at=now,
        ended_at=None,
        lease_until=None,
        lease_owner="",
        **where,
    )


def _hold(chosen: Chosen, states: Collection[str]) -> list[UUID]:
    """The rows, locked: a worker may claim one at the same moment."""
    return list(chosen.rows(states).select_for_update().values_list("pk", flat=True))


def _note(acting: Principal, action: str, chosen: Chosen, after: dict[str, object]) -> None:
    if chosen.ids is not None:
        after["ids"] = sorted(str(one) for one in chosen.ids)
    record(acting, action, chosen.target, project_id=chosen.project.pk, after=after)


def _held(event: Event, allowed: Collection[str], refusal: str) -> Event:
    """The row, locked, in one of the allowed states: a worker may claim it at the same moment."""
    held = Event.objects.select_for_update().filter(pk=event.pk).first()
    if held is None:
        raise ResourceNotFound("There is no such event.")
    if held.state not in allowed:
        raise ResourceConflict(refusal)
    return held
