"""The Test tab: saved events, running one through the gateway like any other caller, and what came of it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.http import Place, project_view
from console.snippets import aws
from console.test_result import first_event, result_context
from functions.errors import FunctoryError, ResourceConflict
from functions.models import Alias, Deployment, Function, TestEvent
from functions.services import test_events
from functions.services.refusals import note_refusal
from functions.states import LIVE_ALIAS, Role, TriggerKind
from runner.client import GatewayClient, Order


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab; `event` chooses a saved event, `deployed` says which deploy has just ended here."""
    function = place.function(name)
    saved = list(TestEvent.objects.filter(function=function))
    chosen = next((event for event in saved if event.name == request.GET.get("event")), None)
    deployed = request.GET.get("deployed", "")
    context = {
        "function": function,
        "test_events": saved,
        "chosen": chosen,
        "event_name": chosen.name if chosen else "",
        "payload": chosen.payload if chosen else first_event(function, saved),
        "just_deployed": _deployment(function, deployed) if deployed else None,
        "command": aws(
            settings.FUNCTORY,
            *("lambda", "invoke", "--function-name", _target(function), "--payload", '{"name": "Ada"}'),
            *("--cli-binary-format", "raw-in-base64-out", "response.json"),
        ),
    }
    return render(request, "functions/test.html", context)


@require_POST
@project_view(role=Role.DEVELOPER)
def run(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Run it, through the path that every caller takes, and show what came of it."""
    function = place.function(name)
    payload = request.POST.get("payload", "")
    try:
        test_events.check_payload(payload)
        if function.is_draft:
            raise ResourceConflict("Nothing is deployed yet, so nothing can run. Deploy first.")
    except FunctoryError as error:
        note_refusal(
            acting=place.principal,
            operation="Test",
            function_name=name,
            error=error,
            payload_bytes=len(payload.encode()),
        )
        return render(request, "functions/result_refused.html", {"error": error}, status=error.status)
    order = Order(
        function_id=str(function.pk),
        payload=payload.encode(),
        qualifier=_qualifier(function),
        trigger=TriggerKind.TEST,
        project_id=str(place.project.pk),
    )
    with GatewayClient(settings.FUNCTORY) as gateway:
        record = gateway.invoke(order)
    return render(request, "functions/result.html", result_context(function, record))


@require_POST
@project_view(role=Role.DEVELOPER)
def save_event(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Keep the event under a name."""
    function = place.function(name)
    typed = {"name": request.POST.get("name", ""), "payload": request.POST.get("payload", "")}
    try:
        event = test_events.save_test_event(acting=place.principal, function=function, **typed)
    except FunctoryError as error:
        context = {
            "function": function,
            "test_events": TestEvent.objects.filter(function=function),
            "payload": typed["payload"],
            "event_name": typed["name"],
            "problem": error,
        }
        return render(request, "functions/test.html", context, status=error.status)
    messages.info(request, f"Saved as {event.name}.")
    return redirect(
        f"{reverse('function_test', args=[place.account, name])}?{urlencode({'event': event.name})}"
    )


@require_POST
@project_view(role=Role.DEVELOPER)
def delete_event(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Forget a saved event."""
    event_name = request.POST.get("name", "")
    test_events.delete_test_event(acting=place.principal, function=place.function(name), name=event_name)
    messages.info(request, f"The event {event_name} is deleted.")
    return redirect("function_test", place.account, name)


def _deployment(function: Function, text: str) -> Deployment | None:
    rows = Deployment.objects.filter(function=function).select_related("version")
    return next((row for row in rows.order_by("-created_at")[:5] if str(row.pk) == text), None)


def _qualifier(function: Function) -> str:
    """`live` where the console has deployed, $LATEST for functions that only the API has made."""
    return LIVE_ALIAS if Alias.objects.filter(function=function, name=LIVE_ALIAS).exists() else ""


def _target(function: Function) -> str:
    qualifier = _qualifier(function)
    return f"{function.name}:{qualifier}" if qualifier else function.name
