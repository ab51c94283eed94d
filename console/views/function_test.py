"""The Test tab: saved events, running one through the gateway like any other caller, and what came of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from msgspec.structs import replace

from console.confirming import typed
from console.engine_images import pin_of
from console.http import Place, project_view
from console.snippets import aws
from console.test_result import first_event, result_context
from console.test_runs import MOST_AT_ONCE, MOST_RUNS, run_many
from console.test_targets import chosen, targets
from functions.errors import FunctoryError, InvalidParameterValue, ResourceConflict
from functions.event_templates import event_templates
from functions.models import Alias, Deployment, Function
from functions.naming import name_at
from functions.queries.test_events import visible_events
from functions.services import deploys, test_events
from functions.services.refusals import note_refusal
from functions.states import DRAFT, LATEST, LIVE_ALIAS, DeploymentState, Role, TriggerKind
from runner.client import GatewayClient, Order


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab; `event` chooses a saved event, `template` a shape of AWS's, `deployed` says which deploy has just
    ended here."""
    function = place.function(name)
    context = _page(request, place, function)
    context["just_deployed"] = _deployment(function, request.GET.get("deployed", ""))
    return render(request, "functions/test.html", context)


@require_POST
@project_view(role=Role.DEVELOPER)
def run(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Run it, through the path that every caller takes, and show what came of it. A draft is made ready first:
    until it is, the answer is a note that asks again by itself."""
    function = place.function(name)
    payload = request.POST.get("payload", "")
    try:
        order = _order(request, place, function, payload)
    except FunctoryError as error:
        return _refused(request, place, name, payload, error)
    if isinstance(order, Deployment):
        return _trial(request, function, order)
    with GatewayClient(settings.FUNCTORY) as gateway:
        record = gateway.invoke(order)
    return render(request, "functions/result.html", result_context(function, record))


@require_POST
@project_view(role=Role.DEVELOPER)
def run_repeatedly(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Run it many times, some at once, and show how the times spread."""
    function = place.function(name)
    payload = request.POST.get("payload", "")
    try:
        runs = _number(request.POST.get("runs", ""), MOST_RUNS, "runs")
        at_once = _number(request.POST.get("at_once", ""), MOST_AT_ONCE, "at_once")
        order = _order(request, place, function, payload)
    except FunctoryError as error:
        return _refused(request, place, name, payload, error)
    if isinstance(order, Deployment):
        return _trial(request, function, order)
    with GatewayClient(settings.FUNCTORY) as gateway:
        spread = run_many(lambda: gateway.invoke(order), runs=runs, at_once=at_once)
    return render(request, "functions/spread.html", {"function": function, "spread": spread})


@require_POST
@project_view(role=Role.DEVELOPER)
def save_event(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Keep the event under a name."""
    function = place.function(name)
    typed = {"name": request.POST.get("name", ""), "payload": request.POST.get("payload", "")}
    private = request.POST.get("private") == "1"
    try:
        event = test_events.save_test_event(
            acting=place.principal, function=function, private=private, **typed
        )
    except FunctoryError as error:
        context = _page(request, place, function) | {
            "payload": typed["payload"],
            "event_name": typed["name"],
            "event_private": private,
            "problem": error,
        }
        return render(request, "functions/test.html", context, status=error.status)
    messages.info(request, f"Saved as {event.name}{', for you alone' if private else ''}.")
    return redirect(
        f"{reverse('function_test', args=[place.account, name])}?{urlencode({'event': event.name})}"
    )


@require_POST
@project_view(role=Role.DEVELOPER)
def delete_event(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Forget a saved event, once its name was typed."""
    event_name = request.POST.get("name", "")
    if not typed(request, event_name):
        return redirect("function_test", place.account, name)
    test_events.delete_test_event(
        acting=place.principal,
        function=place.function(name),
        name=event_name,
        private=request.POST.get("private") == "1",
    )
    messages.info(request, f"The event {event_name} is deleted.")
    return redirect("function_test", place.account, name)


def _page(request: HttpRequest, place: Place, function: Function) -> dict[str, Any]:
    saved = visible_events(function=function, user_id=place.user.pk)
    event = next((one for one in saved if one.name == request.GET.get("event")), None)
    shape = next((one for one in event_templates() if one.key == request.GET.get("template")), None)
    return {
        "function": function,
        "test_events": saved,
        "templates": event_templates(),
        "template": shape,
        "targets": targets(function),
        "target": chosen(function, request.GET.get("target", "")),
        "chosen": event,
        "event_name": event.name if event else "",
        "event_private": bool(event and event.owner_id),
        "payload": event.payload if event else shape.event if shape else first_event(function, saved),
        "most_runs": MOST_RUNS,
        "most_at_once": MOST_AT_ONCE,
        "command": aws(
            settings.FUNCTORY,
            *("lambda", "invoke", "--function-name", _target(function), "--payload", '{"name": "Ada"}'),
            *("--cli-binary-format", "raw-in-base64-out", "response.json"),
        ),
    }


def _order(request: HttpRequest, place: Place, function: Function, payload: str) -> Order | Deployment:
    """What to run; for a draft that is not ready yet, the trial that makes it so. Raises FunctoryError."""
    test_events.check_payload(payload)
    target = chosen(function, request.POST.get("target", ""))
    if function.is_draft and target != DRAFT:
        raise ResourceConflict("Nothing is deployed yet, so nothing can run. Deploy first.")
    order = Order(
        function_id=str(function.pk),
        payload=payload.encode(),
        trigger=TriggerKind.TEST,
        project_id=str(place.project.pk),
    )
    if target != DRAFT:
        return replace(order, qualifier="" if target == LATEST else target)
    trial = _failed_trial(function, request.POST.get("trial", "")) or deploys.request_trial(
        acting=place.principal, function=function, image=pin_of(function.draft)
    )
    if trial.state != DeploymentState.SUCCEEDED:
        return trial
    return replace(order, revision_id=str(trial.revision_id))


def _failed_trial(function: Function, text: str) -> Deployment | None:
    """The trial that the one who waits was told of, if it has failed: it is not begun again by itself."""
    rows = Deployment.objects.filter(function=function, trial=True, state=DeploymentState.FAILED)
    return next((row for row in rows.order_by("-id")[:5] if str(row.pk) == text), None)


def _trial(request: HttpRequest, function: Function, trial: Deployment) -> HttpResponse:
    context = {"function": function, "trial": trial, "waits": trial.state != DeploymentState.FAILED}
    return render(request, "functions/trial.html", context)


def _refused(
    request: HttpRequest, place: Place, name: str, payload: str, error: FunctoryError
) -> HttpResponse:
    size = len(payload.encode())
    note_refusal(
        acting=place.principal,
        operation="Test",
        function_name=name_at(name),
        error=error,
        payload_bytes=size,
    )
    return render(request, "functions/result_refused.html", {"error": error}, status=error.status)


def _number(text: str, most: int, field: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 7 else 0
    if not 1 <= number <= most:
        raise InvalidParameterValue(f"Choose a number from 1 to {most}.", field=field)
    return number


def _deployment(function: Function, text: str) -> Deployment | None:
    rows = Deployment.objects.filter(function=function).select_related("version")
    return next((row for row in rows.order_by("-created_at")[:5] if str(row.pk) == text), None)


def _qualifier(function: Function) -> str:
    """`live` where the console has deployed, $LATEST for functions that only the API has made."""
    return LIVE_ALIAS if Alias.objects.filter(function=function, name=LIVE_ALIAS).exists() else ""


def _target(function: Function) -> str:
    qualifier = _qualifier(function)
    return f"{function.name}:{qualifier}" if qualifier else function.name
