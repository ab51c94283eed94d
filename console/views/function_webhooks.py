"""Webhooks that call a function, on its Triggers tab: made, given another secret, paused and removed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console.confirming import typed
from console.forms import Form
from console.http import Place, project_view
from console.views.function_triggers import called_qualifier, triggers_page
from functions.errors import FunctoryError, ResourceNotFound
from functions.models import Function, Webhook
from functions.services import webhooks as services
from functions.states import Role

FIELDS = ("name", "provider", "delivery", "header")


@require_POST
@project_view(role=Role.DEVELOPER)
def save(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Make a webhook. The secret is not given back to the page, whatever else was wrong."""
    function = place.function(name)
    form = Form.read(request.POST, FIELDS)
    form.values["secret"] = ""
    try:
        hook = services.create_webhook(
            acting=place.principal,
            function=function,
            qualifier=called_qualifier(function),
            secret=request.POST.get("secret", "").strip(),
            **{field: form.text(field) for field in FIELDS},
        )
    except FunctoryError as error:
        form.refuse(error)
        context = triggers_page(function, Form(), hook_form=form)
        return render(request, "functions/triggers.html", context, status=error.status)
    messages.info(request, f"The webhook {hook.name} is there: give its address to the sender.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def change_secret(request: HttpRequest, place: Place, name: str, webhook_id: UUID) -> HttpResponse:
    """Take another secret."""
    hook = _webhook(place.function(name), webhook_id)
    try:
        secret = request.POST.get("secret", "").strip()
        services.change_secret(acting=place.principal, webhook=hook, secret=secret)
    except FunctoryError as error:
        messages.error(request, f"The secret of {hook.name} was not changed. {error.message}")
    else:
        messages.info(request, f"The webhook {hook.name} takes what is signed with the new secret alone.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def pause(request: HttpRequest, place: Place, name: str, webhook_id: UUID) -> HttpResponse:
    """Answer 403 for now, or as before."""
    hook = _webhook(place.function(name), webhook_id)
    enabled = request.POST.get("enabled") == "1"
    services.pause_webhook(acting=place.principal, webhook=hook, enabled=enabled)
    words = "answers again" if enabled else "answers 403 until you resume it"
    messages.info(request, f"The webhook {hook.name} {words}.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete(request: HttpRequest, place: Place, name: str, webhook_id: UUID) -> HttpResponse:
    """Take the address away, once the name was typed."""
    hook = _webhook(place.function(name), webhook_id)
    if typed(request, hook.name):
        services.delete_webhook(acting=place.principal, webhook=hook)
        messages.info(request, f"The webhook {hook.name} is gone. A new one will have another address.")
    return redirect("function_triggers", place.account, name)


def _webhook(function: Function, webhook_id: UUID) -> Webhook:
    found = Webhook.objects.filter(function=function, pk=webhook_id).select_related("function").first()
    if found is None:
        raise ResourceNotFound("There is no such webhook.")
    return found
