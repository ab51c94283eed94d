"""Reads of asynchronous events: by where they stand, with every attempt. Telemetry only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from functions.models import Event
from functions.queries.pages import Page, count_up_to_limit, keyset_page
from functions.states import EventState


@dataclass(frozen=True, slots=True)
class Standing:
    """Where events can stand, as people see it: one tab of the page."""

    key: str
    label: str
    condition: Q


STANDINGS = (
    Standing("waiting", "Waiting", Q(state=EventState.PENDING, attempts=0)),
    Standing("flight", "In flight", Q(state=EventState.CLAIMED)),
    Standing("retrying", "Retrying", Q(state=EventState.PENDING, attempts__gt=0)),
    Standing("dead", "Dead letters", Q(state__in=[EventState.DEAD, EventState.EXPIRED])),
    Standing("succeeded", "Succeeded", Q(state=EventState.SUCCEEDED)),
)


def standing_named(key: str) -> Standing:
    """The standing of an address; waiting when it names none."""
    return next((standing for standing in STANDINGS if standing.key == key), STANDINGS[0])


def events(
    *, project_id: UUID, standing: Standing, function_id: UUID | None = None, marker: str = "", size: int = 50
) -> Page[Event]:
    """A page of events with their attempts. What waits comes by when it is due, the rest newest first."""
    rows = _of_project(project_id, function_id).filter(standing.condition).prefetch_related("tries")
    order = ("due_at", "id") if standing.key in {"waiting", "retrying"} else ("-accepted_at", "-id")
    return keyset_page(rows, order=order, marker=marker, size=size)


def counts(*, project_id: UUID, function_id: UUID | None = None) -> dict[str, int]:
    """How many events stand where, each at most COUNT_LIMIT."""
    rows = _of_project(project_id, function_id)
    return {
        standing.key: count_up_to_limit(rows.filter(standing.condition))
        for standing in STANDINGS
        if standing.key != "succeeded"
    }


def event(*, project_id: UUID, event_id: UUID) -> Event | None:
    """One event with its attempts."""
    return Event.objects.filter(project_id=project_id, id=event_id).prefetch_related("tries").first()


def _of_project(project_id: UUID, function_id: UUID | None) -> QuerySet[Event]:
    rows = Event.objects.filter(project_id=project_id)
    return rows.filter(function_id=function_id) if function_id else rows
