"""Queues that call a function, on its Triggers tab: bound, paused and let go."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console.confirming import typed
from console.forms import Form
from console.http import Place, project_view
from console.queue_rows import queue_name
from console.views.function_triggers import called_qualifier, triggers_page
from functions.errors import FunctoryError, ResourceNotFound
from functions.models import EventSourceMapping, Function
from functions.queries.event_sources import mapping_with_id, mappings_of
from functions.services import event_sources as services
from functions.states import Role

FIELDS = ("queue", "batch_size", "window_s")


@require_POST
@project_view(role=Role.DEVELOPER)
def save(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Have the function called for a queue's messages; a queue that is not there is made."""
    function = place.function(name)
    form = Form.read(request.POST, FIELDS)
    reports = request.POST.get("reports_failures") == "1"
    form.values["reports_failures"] = "1" if reports else ""
    try:
        services.create_mapping_by_name(
            acting=place.principal,
            function=function,
            queue_name=form.text("queue"),
            qualifier=called_qualifier(function),
            batch_size=form.number("batch_size", "The batch size"),
            window_s=form.number("window_s", "The window") if form.text("window_s") else 0,
            reports_failures=reports,
        )
    except FunctoryError as error:
        form.refuse(error)
        context = triggers_page(function, Form(), queue_form=form)
        return render(request, "functions/triggers.html", context, status=error.status)
    messages.info(request, f"Messages of the queue {form.text('queue')} call the function.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def pause(request: HttpRequest, place: Place, name: str, mapping_id: UUID) -> HttpResponse:
    """Call the function no more for now, or again; messages wait."""
    mapping = _mapping(place, place.function(name), mapping_id)
    enabled = request.POST.get("enabled") == "1"
    services.update_mapping(acting=place.principal, mapping=mapping, enabled=enabled)
    words = "calls the function again" if enabled else "is paused: its messages wait"
    messages.info(request, f"The queue {queue_name(mapping)} {words}.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete(request: HttpRequest, place: Place, name: str, mapping_id: UUID) -> HttpResponse:
    """Let the queue go, once its name was typed."""
    mapping = _mapping(place, place.function(name), mapping_id)
    if not typed(request, queue_name(mapping)):
        return redirect("function_triggers", place.account, name)
    services.delete_mapping(acting=place.principal, mapping=mapping)
    messages.info(
        request, f"The queue {queue_name(mapping)} no longer calls the function. It keeps its messages."
    )
    return redirect("function_triggers", place.account, name)


def _mapping(place: Place, function: Function, mapping_id: UUID) -> EventSourceMapping:
    mapping = mapping_with_id(mappings_of(place.project.pk), str(mapping_id))
    if mapping.function_id != function.pk:
        raise ResourceNotFound("There is no such trigger.")
    return mapping
