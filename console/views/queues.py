"""Message queues: list and create, and the page of one with its messages, its settings and its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from console import queue_form
from console.confirming import require_typed
from console.forms import Form
from console.http import Place, project_view
from console.paging import next_address
from console.snippets import aws
from functions.errors import FunctoryError
from functions.models import MessageQueue
from functions.queries import queue_pages as queries
from functions.queries.message_queues import sources_of, url_of
from functions.services import message_queues as services
from functions.services import queue_care as care
from functions.states import Role

_NAME_WORDS = {"Can only include": "name", "can only include": "name", "same name": "name"}
_REDRIVE_WORDS = {"RedrivePolicy": "dead_letters", "Dead letter": "dead_letters"}
_MESSAGE_WORDS = {
    "MessageBody": "body",
    "Invalid characters": "body",
    "shorter than": "body",
    "MessageGroupId": "group_id",
    "DeduplicationId": "deduplication_id",
    "DelaySeconds": "delay",
}


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """The project's queues; POST makes one."""
    if request.method == "POST":
        place.require(Role.DEVELOPER)
        return _create(request, place)
    return _listing(request, place, queue_form.new_queue())


@project_view()
def page(request: HttpRequest, place: Place, queue_id: UUID) -> HttpResponse:
    """One queue; POST changes its settings."""
    queue = queries.queue_with_id(place.project.pk, queue_id)
    if request.method != "POST":
        return _page(request, queue)
    place.require(Role.DEVELOPER)
    form = Form.read(request.POST, queue_form.SETTINGS)
    try:
        attributes = queue_form.attributes_of(form, queue.arn.removesuffix(queue.name))
        services.set_attributes(acting=place.principal, queue=queue, attributes=attributes)
    except FunctoryError as error:
        form.refuse(queue_form.placed(error, _REDRIVE_WORDS))
        return _page(request, queue, status=error.status, form=form)
    messages.info(request, f"The settings of {queue.name} hold from now on.")
    return redirect("queue", place.account, queue.pk)


@require_POST
@project_view(role=Role.DEVELOPER)
def send(request: HttpRequest, place: Place, queue_id: UUID) -> HttpResponse:
    """Send a message."""
    queue = queries.queue_with_id(place.project.pk, queue_id)
    form = Form({name: request.POST.get(name, "").strip() for name in queue_form.MESSAGE})
    form.values["body"] = request.POST.get("body", "")
    try:
        care.send_one(acting=place.principal, queue=queue, message=queue_form.message_of(form))
    except FunctoryError as error:
        form.refuse(queue_form.placed(error, _MESSAGE_WORDS))
        return _page(request, queue, status=error.status, message_form=form)
    messages.info(request, f"The message is in {queue.name}.")
    return redirect("queue", place.account, queue.pk)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete_message(request: HttpRequest, place: Place, queue_id: UUID, message_id: UUID) -> HttpResponse:
    """Take one message out."""
    queue = queries.queue_with_id(place.project.pk, queue_id)
    care.delete_one(acting=place.principal, queue=queue, message_id=message_id)
    messages.info(request, "The message is deleted.")
    return redirect("queue", place.account, queue.pk)


@require_POST
@project_view(role=Role.DEVELOPER)
def redrive(request: HttpRequest, place: Place, queue_id: UUID) -> HttpResponse:
    """Move dead letters back to where they came from."""
    queue = queries.queue_with_id(place.project.pk, queue_id)
    done = care.redrive(acting=place.principal, queue=queue)
    rest = f" Still here: {done.left:,}; redrive again for what is not in flight." if done.left else ""
    stay = f" With no queue to go back to: {done.homeless:,}." if done.homeless else ""
    messages.info(request, f"Messages moved back to their queues: {done.moved:,}.{rest}{stay}")
    return redirect("queue", place.account, queue.pk)


@require_POST
@project_view(role=Role.DEVELOPER)
def purge(request: HttpRequest, place: Place, queue_id: UUID) -> HttpResponse:
    """Delete every message, once the queue's name was typed."""
    queue = queries.queue_with_id(place.project.pk, queue_id)
    try:
        require_typed(request, queue.name, "typed_purge")
        services.purge_queue(acting=place.principal, queue=queue)
    except FunctoryError as error:
        return _page(request, queue, status=error.status, purge_problem=error.message)
    messages.info(request, f"{queue.name} is empty.")
    return redirect("queue", place.account, queue.pk)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete(request: HttpRequest, place: Place, queue_id: UUID) -> HttpResponse:
    """Remove the queue with its messages, once its name was typed."""
    queue = queries.queue_with_id(place.project.pk, queue_id)
    try:
        require_typed(request, queue.name)
        services.delete_queue(acting=place.principal, queue=queue)
    except FunctoryError as error:
        return _page(request, queue, status=error.status, delete_problem=error.message)
    messages.info(request, f"{queue.name} is deleted with its messages.")
    return redirect("queues", place.account)


def _create(request: HttpRequest, place: Place) -> HttpResponse:
    form = Form.read(request.POST, queue_form.NEW)
    prefix = f"arn:aws:sqs:{settings.FUNCTORY.region}:{place.account}:"
    try:
        attributes = queue_form.attributes_of(form, prefix)
        if not attributes["RedrivePolicy"]:
            del attributes["RedrivePolicy"]
        queue = services.create_queue(
            acting=place.principal, project=place.project, name=form.text("name"), attributes=attributes
        )
    except FunctoryError as error:
        form.refuse(queue_form.placed(error, _NAME_WORDS | _REDRIVE_WORDS))
        return _listing(request, place, form, status=error.status)
    messages.info(request, f"{queue.name} takes messages. Its address stands below.")
    return redirect("queue", place.account, queue.pk)


def _listing(request: HttpRequest, place: Place, form: Form, *, status: int = 200) -> HttpResponse:
    marker = request.GET.get("marker", "")
    found = queries.queue_lines(place.project.pk, marker=marker, now=timezone.now())
    shown = {
        "page": found,
        "lines": found.items,
        "first": not marker,
        "form": form,
        "region": settings.FUNCTORY.region,
        "command": aws(settings.FUNCTORY, "sqs", "list-queues"),
    }
    return render(request, "queues/listing.html", shown, status=status)


def _page(request: HttpRequest, queue: MessageQueue, *, status: int = 200, **more: Any) -> HttpResponse:
    now = timezone.now()
    found = queries.messages_of(queue, marker=request.GET.get("marker", ""), now=now)
    shown = {
        "line": queries.queue_line(queue, now),
        "queue": queue,
        "address": url_of(queue),
        "sources": list(sources_of(queue)[:20]),
        "rows": found.items,
        "more": next_address(request, found.next_marker) if request.method == "GET" else "",
        "first": not request.GET.get("marker"),
        "others": [("", "None"), *((name, name) for name in queries.possible_dead_letters(queue))],
        "form": queue_form.settings_form(queue),
        "message_form": Form(dict.fromkeys(queue_form.MESSAGE, "")),
        "command": aws(settings.FUNCTORY, "sqs", "receive-message", "--queue-url", url_of(queue)),
        **more,
    }
    return render(request, "queues/queue.html", shown, status=status)
