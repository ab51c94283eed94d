"""Calling a function again with an event that was kept, and keeping that event as a test event."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from console.http import Place, project_view
from functions.errors import ResourceConflict, ResourceNotFound
from functions.models import Invocation
from functions.naming import name_at
from functions.queries import invocations
from functions.services import test_events
from functions.states import Role, TriggerKind
from runner.client import GatewayClient, Order


@require_POST
@project_view(role=Role.DEVELOPER)
def replay(request: HttpRequest, place: Place, name: str, request_id: UUID) -> HttpResponse:  # noqa: ARG001
    """Run what is live now with the same event, and show that call."""
    function = place.function(name)
    row, event = _kept(place, name, request_id)
    order = Order(
        function_id=str(function.pk),
        payload=event.encode(),
        qualifier=row.alias,
        trigger=TriggerKind.REPLAY,
        trigger_id=str(request_id),
        project_id=str(place.project.pk),
    )
    with GatewayClient(settings.FUNCTORY) as gateway:
        record = gateway.invoke(order)
    return redirect("invocation", place.account, name, record.request_id)


@require_POST
@project_view(role=Role.DEVELOPER)
def keep(request: HttpRequest, place: Place, name: str, request_id: UUID) -> HttpResponse:
    """Save the event for the Test tab under a name."""
    function = place.function(name)
    _, event = _kept(place, name, request_id)
    saved = test_events.save_test_event(
        acting=place.principal, function=function, name=request.POST.get("name", ""), payload=event
    )
    messages.info(request, f"The event is saved as {saved.name}.")
    return redirect("invocation", place.account, name, request_id)


def _kept(place: Place, name: str, request_id: UUID) -> tuple[Invocation, str]:
    """The last attempt of a request and its event; raises ResourceNotFound, ResourceConflict."""
    found = invocations.by_request_id(project_id=place.project.id, request_id=request_id)
    rows = [row for row in found if row.function_name == name_at(name)]
    if not rows:
        raise ResourceNotFound("There is no call with this request id.")
    payload = getattr(rows[-1], "payload", None)
    if payload is None or payload.event is None:
        raise ResourceConflict("The event of this call was not kept, so it cannot be used again.")
    return rows[-1], payload.event
