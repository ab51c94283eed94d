"""The Triggers tab: function URL, schedules, webhooks and queues; and the next firings of what is being typed."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console.addresses import url_address
from console.confirming import typed
from console.forms import Form
from console.hook_rows import hook_context
from console.http import Place, project_view
from console.queue_rows import queue_context
from console.snippets import aws
from functions import trigger_rules
from functions.errors import FunctoryError, ResourceNotFound
from functions.models import Function, FunctionUrl, Schedule
from functions.policies import INVOKE_URL, PUBLIC_URL_SID
from functions.queries.policies import public_qualifiers
from functions.services import triggers
from functions.states import LIVE_ALIAS, Role, UrlAuth

SCHEDULE_FIELDS = ("name", "expression", "timezone", "payload")
EXAMPLES = (
    ("rate(5 minutes)", "every five minutes"),
    ("rate(1 hour)", "every hour"),
    ("cron(0 9 ? * MON-FRI *)", "at 09:00 on weekdays"),
    ("cron(0 0 1 * ? *)", "on the first of each month"),
    ("cron(0/15 8-18 * * ? *)", "every 15 minutes from 8 to 18"),
)


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab."""
    return render(request, "functions/triggers.html", triggers_page(place.function(name), Form()))


@require_POST
@project_view(role=Role.DEVELOPER)
def save_url(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Make the URL, or change who may call it and whether it answers."""
    function = place.function(name)
    auth = request.POST.get("auth", UrlAuth.NONE)
    url = FunctionUrl.objects.filter(function=function, qualifier=called_qualifier(function)).first()
    if url is None:
        url = triggers.create_url(
            acting=place.principal,
            function=function,
            auth=auth,
            qualifier=called_qualifier(function),
            allow_public=True,
        )
        messages.info(request, f"The function answers at {url_address(settings.FUNCTORY, url.url_id)}")
    else:
        enabled = request.POST.get("enabled", "1") == "1"
        triggers.update_url(acting=place.principal, url=url, auth=auth, enabled=enabled, allow_public=True)
        messages.info(
            request, "The URL is changed." if enabled else "The URL answers 403 until you resume it."
        )
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete_url(request: HttpRequest, place: Place, name: str, url_id: UUID) -> HttpResponse:
    """Take the URL away."""
    function = place.function(name)
    url = FunctionUrl.objects.filter(function=function, pk=url_id).first()
    if url is None:
        raise ResourceNotFound("There is no such URL.")
    if typed(request, function.name):
        triggers.delete_url(acting=place.principal, url=url)
        messages.info(request, "The URL is gone. A new one will have another address.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def save_schedule(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Make a schedule."""
    function = place.function(name)
    form = Form.read(request.POST, SCHEDULE_FIELDS)
    try:
        triggers.create_schedule(
            acting=place.principal, function=function, qualifier=called_qualifier(function), **_typed(form)
        )
    except FunctoryError as error:
        form.refuse(error)
        return render(request, "functions/triggers.html", triggers_page(function, form), status=error.status)
    messages.info(request, f"The schedule {form.text('name')} is set.")
    return redirect("function_triggers", place.account, name)


@project_view()
def edit_schedule(request: HttpRequest, place: Place, name: str, schedule_id: UUID) -> HttpResponse:
    """A schedule's form; POST changes it."""
    function = place.function(name)
    schedule = _schedule(function, schedule_id)
    if request.method != "POST":
        known = {field: str(getattr(schedule, field)) for field in SCHEDULE_FIELDS}
        return _edit_page(request, function, schedule, Form(known))
    place.require(Role.DEVELOPER)
    form = Form.read(request.POST, SCHEDULE_FIELDS)
    changes = _typed(form)
    changes["timezone"] = changes.pop("timezone_name")
    try:
        triggers.update_schedule(acting=place.principal, schedule=schedule, **changes)
    except FunctoryError as error:
        form.refuse(error)
        return _edit_page(request, function, schedule, form, status=error.status)
    messages.info(request, f"The schedule {form.text('name')} is changed.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def pause_schedule(request: HttpRequest, place: Place, name: str, schedule_id: UUID) -> HttpResponse:
    """Stop its firings, or start them again from now."""
    schedule = _schedule(place.function(name), schedule_id)
    enabled = request.POST.get("enabled") == "1"
    triggers.update_schedule(acting=place.principal, schedule=schedule, enabled=enabled)
    messages.info(request, f"The schedule {schedule.name} {'fires again' if enabled else 'is paused'}.")
    return redirect("function_triggers", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete_schedule(request: HttpRequest, place: Place, name: str, schedule_id: UUID) -> HttpResponse:
    """Remove it, once its name was typed."""
    schedule = _schedule(place.function(name), schedule_id)
    if typed(request, schedule.name):
        triggers.delete_schedule(acting=place.principal, schedule=schedule)
        messages.info(request, f"The schedule {schedule.name} is deleted. Firings under way still run.")
    return redirect("function_triggers", place.account, name)


@project_view()
def firings(request: HttpRequest, place: Place) -> HttpResponse:  # noqa: ARG001
    """The next five firings of what is being typed, or what is wrong with it."""
    expression = request.GET.get("expression", "").strip()
    zone = request.GET.get("timezone", "").strip() or "UTC"
    page: dict[str, Any] = {"zone": zone, "expression": expression}
    if expression:
        try:
            page["firings"] = trigger_rules.check_schedule(expression, zone, "")
        except FunctoryError as error:
            page["problem"] = error.message
    return render(request, "functions/firings.html", page)


def schedule_context() -> dict[str, Any]:
    """What templates/functions/schedule_fields.html needs beside its form."""
    return {"zones": sorted(available_timezones()), "examples": EXAMPLES}


def triggers_page(
    function: Function, form: Form, queue_form: Form | None = None, hook_form: Form | None = None
) -> dict[str, Any]:
    """What the tab shows; the forms as they were refused."""
    urls = list(FunctionUrl.objects.filter(function=function).order_by("qualifier"))
    return {
        "function": function,
        "urls": urls,
        "public": public_qualifiers(function),
        "has_main_url": any(url.qualifier == called_qualifier(function) for url in urls),
        "schedules": Schedule.objects.filter(function=function).order_by("name"),
        "form": form,
        "auths": UrlAuth.choices,
        "command": _commands(function),
        **schedule_context(),
        **hook_context(function, hook_form),
        **queue_context(function, queue_form),
    }


def _commands(function: Function) -> str:
    """The URL that everybody may call (as in AWS, address and permission are two things), and a queue."""
    target = ("--function-name", function.name, "--qualifier", LIVE_ALIAS)
    return "\n".join(
        (
            aws(
                settings.FUNCTORY,
                *("lambda", "create-function-url-config", *target, "--auth-type", UrlAuth.NONE),
            ),
            aws(
                settings.FUNCTORY,
                *("lambda", "add-permission", *target, "--statement-id", PUBLIC_URL_SID),
                *("--action", INVOKE_URL, "--principal", "*", "--function-url-auth-type", UrlAuth.NONE),
            ),
            aws(
                settings.FUNCTORY,
                *(
                    "lambda",
                    "create-event-source-mapping",
                    "--function-name",
                    f"{function.name}:{LIVE_ALIAS}",
                ),
                *("--event-source-arn", f"arn:aws:sqs:{function.region}:{function.project.account}:QUEUE"),
            ),
        )
    )


def _edit_page(
    request: HttpRequest, function: Function, schedule: Schedule, form: Form, status: int = 200
) -> HttpResponse:
    page = {"function": function, "schedule": schedule, "form": form, **schedule_context()}
    return render(request, "functions/schedule.html", page, status=status)


def _typed(form: Form) -> dict[str, Any]:
    return {
        "name": form.text("name"),
        "expression": form.text("expression"),
        "timezone_name": form.text("timezone") or "UTC",
        "payload": form.text("payload"),
    }


def _schedule(function: Function, schedule_id: UUID) -> Schedule:
    rows = Schedule.objects.filter(function=function, pk=schedule_id).select_related("function__project")
    found = rows.first()
    if found is None:
        raise ResourceNotFound("There is no such schedule.")
    return found


def called_qualifier(function: Function) -> str:
    """What triggers made here call: `live` where the console deploys, $LATEST where only the API does."""
    deployed_by_api = not function.is_draft and not function.aliases.filter(name=LIVE_ALIAS).exists()
    return "" if deployed_by_api else LIVE_ALIAS
