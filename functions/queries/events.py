"""Reads of asynchronous events: by where they stand, with every attempt. Telemetry only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from functions.models import Event
from functions.queries.pages import COUNT_LIMIT, Page, count_up_to_limit, keyset_page, make_marker
from functions.states import EventState


@dataclass(frozen=True, slots=True)
class Standing:
    """Where events can stand, as people see it: one tab of the page. What any of the conditions holds for stands
    there; each has an index that is in the order of the tab."""

    key: str
    label: str
    conditions: tuple[Q, ...]


STANDINGS = (
    Standing("waiting", "Waiting", (Q(state=EventState.PENDING, attempts=0),)),
    Standing("flight", "In flight", (Q(state=EventState.CLAIMED),)),
    Standing("retrying", "Retrying", (Q(state=EventState.PENDING, attempts__gt=0),)),
    Standing("dead", "Dead letters", (Q(state=EventState.DEAD), Q(state=EventState.EXPIRED))),
    Standing("succeeded", "Succeeded", (Q(state=EventState.SUCCEEDED),)),
)


def standing_named(key: str) -> Standing:
    """The standing of an address; waiting when it names none."""
    return next((standing for standing in STANDINGS if standing.key == key), STANDINGS[0])


def events(
    *, project_id: UUID, standing: Standing, function_id: UUID | None = None, marker: str = "", size: int = 50
) -> Page[Event]:
    """A page of events with their attempts. What waits comes by when it is due, the rest newest first."""
    rows = _of_project(project_id, function_id).prefetch_related("tries")
    order = ("due_at", "id") if standing.key in {"waiting", "retrying"} else ("-accepted_at", "-id")
    pages = [
        keyset_page(rows.filter(condition), order=order, marker=marker, size=size)
        for condition in standing.conditions
    ]
    return pages[0] if len(pages) == 1 else _merged(pages, size)


def _merged(pages: Sequence[Page[Event]], size: int) -> Page[Event]:
    """The newest of some pages: to sort all dead letters for the first fifty would mean to read them all."""
    found = sorted((row for page in pages for row in page.items), key=lambda row: (row.accepted_at, row.id))
    newest = found[::-1][:size]
    more = len(found) > size or any(page.next_marker for page in pages)
    return Page(newest, make_marker(newest[-1], ("-accepted_at", "-id")) if more else "")


def counts(*, project_id: UUID, function_id: UUID | None = None) -> dict[str, int]:
    """How many events stand where, each at most COUNT_LIMIT."""
    rows = _of_project(project_id, function_id)
    return {
        standing.key: min(
            COUNT_LIMIT, sum(count_up_to_limit(rows.filter(one)) for one in standing.conditions)
        )
        for standing in STANDINGS
        if standing.key != "succeeded"
    }


def event(*, project_id: UUID, event_id: UUID) -> Event | None:
    """One event with its attempts."""
    return Event.objects.filter(project_id=project_id, id=event_id).prefetch_related("tries").first()


def _of_project(project_id: UUID, function_id: UUID | None) -> QuerySet[Event]:
    rows = Event.objects.filter(project_id=project_id)
    return rows.filter(function_id=function_id) if function_id else rows
