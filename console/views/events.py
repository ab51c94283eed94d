"""Asynchronous events by where they stand, dead letters with every attempt; redriving and dropping them, one, some
or all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from console import outcomes
from console.http import Place, project_view
from console.paging import next_address
from console.test_targets import targets
from functions.errors import InvalidParameterValue, ResourceNotFound
from functions.models import Attempt, Event, Function
from functions.queries import events
from functions.services import dead_letters
from functions.services.dead_letters import Chosen
from functions.states import DRAFT, EVENT_ENDED, Role

PAGE = 30
SAME = "same"  # "to the version that it was for": no qualifier, not even the empty one of $LATEST
DROPPED = frozenset({"waiting", "retrying", "dead"})


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
    name = request.GET.get("function", "").strip()
    function, problem = _function(place, name)
    page = events.events(
        project_id=place.project.id,
        standing=standing,
        function_id=function.id if function else None,
        marker=request.GET.get("marker", ""),
        size=PAGE,
    )
    tabs = _tabs(place, function)
    context: dict[str, Any] = {
        "standing": standing,
        "tabs": tabs,
        "total": next(tab["count"] for tab in tabs if tab["key"] == standing.key),
        "most": dead_letters.MOST_AT_ONCE,
        "older": next_address(request, page.next_marker),
        "may_act": place.may(Role.OPERATOR) and standing.key in DROPPED,
        "rows": _rows(page.items),
        "page": page,
        "function": function,
        "name": name,
        "problem": problem,
        "targets": [one for one in targets(function) if one.value != DRAFT] if function else [],
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
def redrive_chosen(request: HttpRequest, place: Place) -> HttpResponse:
    """The same for the ticked dead letters, or for all; to the version that they were for, or to another."""
    try:
        chosen, to = _chosen(request, place), request.POST.get("to", "")
        count = dead_letters.redrive_chosen(
            acting=place.principal, chosen=chosen, qualifier=None if to == SAME else to
        )
    except (InvalidParameterValue, ResourceNotFound) as error:
        messages.error(request, f"Nothing was redriven. {error.message}")
    else:
        messages.info(request, _redriven(count))
    return _back(request, place)


@require_POST
@project_view(role=Role.OPERATOR)
def drop(request: HttpRequest, place: Place) -> HttpResponse:
    """Forget the ticked events that are not in flight. Not to be undone: how many is typed to confirm."""
    try:
        chosen = _chosen(request, place)
        expected = dropping_words(len(chosen.ids or ()))
        if request.POST.get("typed_name", "").strip() != expected:
            raise InvalidParameterValue(f"Type “{expected}” to confirm.")
        count = dead_letters.drop_chosen(acting=place.principal, chosen=chosen)
    except InvalidParameterValue as error:
        messages.error(request, f"Nothing was dropped. {error.message}")
    else:
        messages.info(request, _dropped(count))
    return _back(request, place)


def dropping_words(count: int) -> str:
    """What is typed to confirm."""
    return f"drop {count} event{'' if count == 1 else 's'}"


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


def _function(place: Place, name: str) -> tuple[Function | None, str]:
    """The function that the list is of, and what is wrong with its name."""
    try:
        return place.function_typed(name, "function"), ""
    except ResourceNotFound as error:
        return None, error.message


def _chosen(request: HttpRequest, place: Place) -> Chosen:
    """The ticked events, or all where `every` was pressed; raises InvalidParameterValue for none."""
    function = place.function_typed(request.POST.get("function", ""), "function")
    if request.POST.get("every"):
        return Chosen(place.project, None, function)
    try:
        ids = frozenset(UUID(text) for text in request.POST.getlist("event"))
    except ValueError as error:
        raise InvalidParameterValue("An event's id is not one.") from error
    if not ids:
        raise InvalidParameterValue("Choose at least one event.")
    return Chosen(place.project, ids, function)


def _dropped(count: int) -> str:
    if not count:
        return "None of them waits or is a dead letter any more."
    return f"{'1 event is' if count == 1 else f'{count:,} events are'} dropped. Attempts stay in the logs."


def _redriven(count: int) -> str:
    if not count:
        return "None of them is a dead letter any more."
    more = " Press again for the next ones." if count == dead_letters.MOST_AT_ONCE else ""
    return f"{'1 event waits' if count == 1 else f'{count:,} events wait'} to be tried again.{more}"


def _back(request: HttpRequest, place: Place) -> HttpResponse:
    state = events.standing_named(request.POST.get("state", "dead")).key
    query = {"state": state, "function": request.POST.get("function", "")}
    words = urlencode({name: value for name, value in query.items() if value})
    return redirect(f"{reverse('events', args=[place.project.account])}?{words}")


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
