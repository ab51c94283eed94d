"""The Configuration tab: settings of the draft, environment, concurrency, tags, pausing and deleting."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console import configuration_form as fields
from console.confirming import tell_deleted
from console.engine_images import pin_of
from console.forms import Form, as_mapping, as_pairs, read_pairs
from console.http import Place, project_view
from console.snippets import aws
from functions.errors import FunctoryError
from functions.limits import UNDO_DELETE_DAYS
from functions.models import Draft, Function
from functions.runtimes import RUNTIMES
from functions.services import deploys, drafts
from functions.services import functions as services
from functions.states import EventCapture, NetworkMode, Role


@never_cache
@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab; `reveal=1` shows the environment's values to those who may deploy. POST saves the draft, and
    deploys it with `then=deploy`."""
    function = place.function(name)
    if request.method == "POST":
        place.require(Role.DEVELOPER)
        return _save(request, place, function)
    reveal = request.GET.get("reveal") == "1" and place.may(Role.DEVELOPER)
    known = fields.environment_of(function.draft)
    shown = fields.shown_environment(known, reveal=reveal)
    return render(
        request,
        "functions/configuration.html",
        _page(function, fields.form_of(function.draft), shown, reveal),
    )


@require_POST
@project_view(role=Role.OPERATOR)
def concurrency(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Reserve concurrency, or lift the limit; it holds at once, without a deploy."""
    function = place.function(name)
    form = Form.read(request.POST, ("reserved_concurrency",))
    try:
        limit = (
            form.number("reserved_concurrency", "The limit") if form.text("reserved_concurrency") else None
        )
        services.set_reserved_concurrency(acting=place.principal, function=function, limit=limit)
    except FunctoryError as error:
        form.refuse(error)
        return _again(request, function, {"limits": form}, error)
    told = f"At most {limit} calls at once from now on." if limit is not None else "The limit is lifted."
    messages.info(request, told)
    return redirect("function_configuration", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def tags(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Replace all tags; they hold at once."""
    function = place.function(name)
    pairs = read_pairs(request.POST, "tag")
    try:
        services.set_tags(
            acting=place.principal, function=function, tags=as_mapping(pairs, field_name="tags", noun="tag")
        )
    except FunctoryError as error:
        return _again(request, function, {"tag_pairs": pairs, "tag_problem": error.message}, error)
    messages.info(request, "The tags are saved.")
    return redirect("function_configuration", place.account, name)


@require_POST
@project_view(role=Role.OPERATOR)
def pause(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Refuse all calls, or take them again."""
    paused = request.POST.get("paused") == "1"
    services.set_paused(acting=place.principal, function=place.function(name), paused=paused)
    messages.info(request, "Paused: calls are refused." if paused else "Resumed: calls are taken again.")
    return redirect("function_configuration", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Delete it; the page that follows offers to undo that."""
    function = place.function(name)
    services.delete_function(acting=place.principal, function=function)
    said = f"{function.name} is deleted, to be restored for {UNDO_DELETE_DAYS} days."
    tell_deleted(request, place.account, said, [function.pk])
    return redirect("functions", place.account)


def _save(request: HttpRequest, place: Place, function: Function) -> HttpResponse:
    names = fields.IMAGE_FIELDS if function.draft.is_image else fields.FIELDS
    form = fields.read_form(request.POST, names)
    known = fields.environment_of(function.draft)
    try:
        drafts.save_configuration(
            acting=place.principal,
            function=function,
            environment=fields.typed_environment(request.POST, known),
            **fields.typed_settings(form),
        )
    except FunctoryError as error:
        form.refuse(error)
        masked = request.POST.get(fields.MASKED) == "1"
        shown = read_pairs(request.POST, "environment")
        page = _page(function, form, shown, not masked)
        return render(request, "functions/configuration.html", page, status=error.status)
    if request.POST.get("then") == "deploy":
        draft = Draft.objects.get(function=function)
        deployment = deploys.request_deploy(acting=place.principal, function=function, image=pin_of(draft))
        return redirect("deployment", place.account, function.address, deployment.pk)
    messages.info(request, "Saved in the draft. Deploy to make it hold.")
    return redirect("function_configuration", place.account, function.address)


def _again(
    request: HttpRequest, function: Function, more: dict[str, Any], error: FunctoryError
) -> HttpResponse:
    """The tab with one of its small forms refused."""
    shown = fields.shown_environment(fields.environment_of(function.draft), reveal=False)
    page = _page(function, fields.form_of(function.draft), shown, reveal=False)
    return render(request, "functions/configuration.html", {**page, **more}, status=error.status)


def _page(function: Function, form: Form, shown: list[tuple[str, str]], reveal: bool) -> dict[str, Any]:
    reserved = function.reserved_concurrency
    return {
        "function": function,
        "form": form,
        "environment": shown,
        "secret_references": fields.secret_references(function.project_id),
        "reveal": reveal,
        "runtimes": RUNTIMES.values(),
        "networks": NetworkMode.choices,
        "captures": EventCapture.choices,
        "limits": Form({"reserved_concurrency": "" if reserved is None else str(reserved)}),
        "tag_pairs": as_pairs(function.tags),
        "command": aws(
            settings.FUNCTORY,
            *("lambda", "update-function-configuration", "--function-name", function.name),
            *("--memory-size", str(function.draft.memory_mb), "--timeout", str(function.draft.timeout_s)),
        ),
    }
