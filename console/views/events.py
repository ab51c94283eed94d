"""Asynchronous events by where they stand, dead letters with every attempt; redriving and dropping them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from console import outcomes
from console.http import Place, project_view
from console.paging import next_address
from functions.errors import ResourceNotFound
from functions.models import Attempt, Event, Function
from functions.queries import events
from functions.services import dead_letters
from functions.states import EVENT_ENDED, Role


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in the list, with its function if that still exists, and its closed attempts."""

    event: Event
    function: Function | None
    attempts: list[Attempt]
    tone: str


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """One tab of events: waiting, in flight, retrying, dead letters or succeeded."""
    standing = events.standing_named(request.GET.get("state", ""))
    name = request.GET.get("function", "")
    function = place.function(name) if name else None
    page = events.events(
        project_id=place.project.id,
        standing=standing,
        function_id=function.id if function else None,
        marker=request.GET.get("marker", ""),
    )
    context: dict[str, Any] = {
        "standing": standing,
        "tabs": _tabs(place, function),
        "older": next_address(request, page.next_marker),
        "may_act": place.may(Role.OPERATOR),
        "rows": _rows(page.items),
        "page": page,
        "function": function,
        "now": timezone.now(),
    }
    return render(request, "events/listing.html", context)


@require_POST
@project_view(role=Role.OPERATOR)
def redrive(request: HttpRequest, place: Place, event_id: UUID) -> HttpResponse:
    """Give a dead letter its attempts anew, from now."""
    dead_letters.redrive(acting=place.principal, event=_event(place, event_id))
    messages.info(request, "The event waits to be tried again.")
    return _back(request, place)


@require_POST
@project_view(role=Role.OPERATOR)
def drop(request: HttpRequest, place: Place, event_id: UUID) -> HttpResponse:
    """Forget an event that is not in flight."""
    dead_letters.drop(acting=place.principal, event=_event(place, event_id))
    messages.info(request, "The event is dropped. Its attempts stay in the logs.")
    return _back(request, place)


def _tabs(place: Place, function: Function | None) -> list[dict[str, Any]]:
    counts = events.counts(project_id=place.project.id, function_id=function.id if function else None)
    return [
        {"key": standing.key, "label": standing.label, "count": counts.get(standing.key)}
        for standing in events.STANDINGS
    ]


def _event(place: Place, event_id: UUID) -> Event:
    found = events.event(project_id=place.project.id, event_id=event_id)
    if found is None:
        raise ResourceNotFound("There is no such event.")
    return found


def _back(request: HttpRequest, place: Place) -> HttpResponse:
    state = events.standing_named(request.POST.get("state", "dead")).key
    return redirect(f"{reverse('events', args=[place.project.account])}?state={state}")


def _rows(found: Iterable[Event]) -> list[EventRow]:
    listed = list(found)
    functions = Function.objects.in_bulk([row.function_id for row in listed])
    return [
        EventRow(
            row,
            functions.get(row.function_id),
            sorted(row.tries.all(), key=lambda attempt: attempt.number),
            outcomes.tone(row.last_outcome) if row.state in EVENT_ENDED or row.attempts else "muted",
        )
        for row in listed
    ]
