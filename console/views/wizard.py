"""A new function in five steps. The draft is saved after each; any step can be visited again; nothing runs
before the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console import configuration_form as fields
from console import image_form
from console import wizard_steps as steps
from console.engine_images import pin_of
from console.forms import Form, read_pairs
from console.http import Place, project_view
from console.runtime_choices import choices, under_way
from console.snippets import aws
from console.views.function_code import editor_context
from console.views.function_triggers import schedule_context
from functions.errors import FunctoryError
from functions.limits import MEMORY_MB
from functions.models import Draft, Function
from functions.runtimes import find, runtime
from functions.services import deploys, drafts
from functions.starters import all_keys, starter, starters
from functions.states import NetworkMode, Role, UrlAuth

TEMPLATES = {number: f"wizard/step{number}.html" for number in range(1, steps.LAST + 1)}
IMAGE_STEP = "wizard/step3_image.html"
FIRST_RUNTIME = "python3.13"


@project_view(role=Role.DEVELOPER)
def new(request: HttpRequest, place: Place) -> HttpResponse:
    """Step 1 of a function that does not exist yet; POST makes its draft."""
    key = (request.POST if request.method == "POST" else request.GET).get("starter", "")
    key = key if key in all_keys() else ""
    if request.method != "POST":
        form, tags = steps.create_form(None)
        return render(request, TEMPLATES[1], _new_page(form, tags, key))
    form = Form.read(request.POST, ("name", "description"))
    try:
        function = steps.create(acting=place.principal, project=place.project, post=request.POST)
    except FunctoryError as error:
        page = _refused_create(_new_page(form, read_pairs(request.POST, "tag"), key), form, error)
        return render(request, TEMPLATES[1], page, status=error.status)
    drafts.set_wizard_step(acting=place.principal, function=function, step=2)
    return redirect("wizard_step", place.account, function.address, 2)


@never_cache
@project_view(role=Role.DEVELOPER)
def step(request: HttpRequest, place: Place, name: str, step: int) -> HttpResponse:
    """A step of a draft; POST saves it and goes on."""
    if step not in TEMPLATES:
        raise Http404
    function = place.function(name)
    if not function.is_draft:
        return redirect("function_code", place.account, name)
    if request.method == "POST":
        return _SAVES[step](request, place, function)
    if step == 3 and function.draft.is_image:
        page = {**_frame(function, 3), **image_form.page_of(image_form.form_of(function.draft))}
        return render(request, IMAGE_STEP, page)
    return render(request, TEMPLATES[step], _PAGES[step](function))


@require_POST
@project_view(role=Role.DEVELOPER)
def use_starter(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Step 3: starter code in place of the files."""
    function = place.function(name)
    chosen = starter(function.draft.runtime, request.POST.get("starter", ""))
    steps.apply_starter(acting=place.principal, function=function, chosen=chosen)
    return redirect("wizard_step", place.account, name, 3)


@never_cache
@project_view(role=Role.DEVELOPER)
def summary(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The summary beside the steps, with what is being typed laid over what is saved."""
    return render(request, "wizard/summary.html", summary_of(place.function(name), request))


@never_cache
@project_view(role=Role.DEVELOPER)
def image(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """How far the image of the chosen runtime is; asked for every other second while it is being made."""
    function = place.function(name)
    page = {"function": function, "image": under_way(function.draft.runtime)}
    return render(request, "wizard/image.html", page)


@project_view(role=Role.DEVELOPER)
def new_summary(request: HttpRequest, place: Place) -> HttpResponse:  # noqa: ARG001
    """The summary before there is a draft."""
    return render(request, "wizard/summary.html", summary_of(None, request))


def summary_of(function: Function | None, request: HttpRequest | None = None) -> dict[str, Any]:
    """What templates/wizard/summary.html prints."""
    get: Callable[[str, str], str] = request.GET.get if request else (lambda _name, default: default)
    draft = function.draft if function else None
    trigger = draft.trigger if draft else {}
    identifier = get("runtime", draft.runtime if draft else "")
    memory = _bounded(get("memory_mb", ""), draft.memory_mb if draft else MEMORY_MB[0])
    duration = _bounded(get("assumed_ms", ""), steps.ASSUMED_MS)
    kind = get("kind", trigger.get("kind", ""))
    return {
        "summary": {
            "name": get("name", function.name if function else "").strip(),
            "runtime": row.title if (row := find(identifier)) else "",
            "kind": kind,
            "expression": get("expression", trigger.get("expression", "")),
            "url": f"{settings.FUNCTORY.gateway_public_url}/url/…/" if kind == "function_url" else "",
            "memory_mb": memory,
            "assumed_ms": duration,
            "million_pico": fields.million_pico(memory, duration),
        }
    }


def _save_create(request: HttpRequest, place: Place, function: Function) -> HttpResponse:
    form = Form.read(request.POST, ("name", "description"))
    try:
        steps.rename(acting=place.principal, function=function, post=request.POST)
    except FunctoryError as error:
        function = place.function(function.name) if not error.field else function
        page = {**_create_page(function), "form": form, "tag_pairs": read_pairs(request.POST, "tag")}
        return render(request, TEMPLATES[1], _refused_create(page, form, error), status=error.status)
    return _go_on(place, function, 2)


def _save_runtime(request: HttpRequest, place: Place, function: Function) -> HttpResponse:
    form = Form.read(request.POST, ("runtime",))
    try:
        steps.choose_runtime(acting=place.principal, function=function, identifier=form.text("runtime"))
    except FunctoryError as error:
        form.refuse(error)
        page = {**_runtime_page(function), "form": form}
        return render(request, TEMPLATES[2], page, status=error.status)
    return _go_on(place, function, 3)


def _save_code(request: HttpRequest, place: Place, function: Function) -> HttpResponse:
    """The editor saves by itself, and the button goes on; an image is saved by the button."""
    if function.draft.is_image:
        form = image_form.read(request.POST)
        try:
            image_form.save(acting=place.principal, function=function, form=form)
        except FunctoryError as error:
            form.refuse(error)
            page = {**_frame(function, 3), **image_form.page_of(form)}
            return render(request, IMAGE_STEP, page, status=error.status)
    return _go_on(place, function, 4)


def _save_trigger(request: HttpRequest, place: Place, function: Function) -> HttpResponse:
    form = Form.read(request.POST, steps.TRIGGER_FIELDS)
    try:
        steps.choose_trigger(acting=place.principal, function=function, form=form)
    except FunctoryError as error:
        form.refuse(error)
        page = {**_trigger_page(function), "form": form}
        return render(request, TEMPLATES[4], page, status=error.status)
    return _go_on(place, function, 5)


def _save_review(request: HttpRequest, place: Place, function: Function) -> HttpResponse:
    form = fields.read_form(request.POST, steps.REVIEW_FIELDS)
    try:
        steps.review(acting=place.principal, function=function, form=form, post=request.POST)
        if request.POST.get("then") != "deploy":
            return redirect("functions", place.account)
        image = pin_of(Draft.objects.get(function=function))
        deployment = deploys.request_deploy(acting=place.principal, function=function, image=image)
    except FunctoryError as error:
        form.refuse(error)
        page = {
            **_review_page(function),
            "form": form,
            "environment": read_pairs(request.POST, "environment"),
        }
        return render(request, TEMPLATES[5], page, status=error.status)
    page = {**_frame(function, 5), "deployment": deployment}
    return render(request, "wizard/deploying.html", page)


def _go_on(place: Place, function: Function, number: int) -> HttpResponse:
    drafts.set_wizard_step(acting=place.principal, function=function, step=number)
    return redirect("wizard_step", place.account, function.address, number)


def _frame(function: Function | None, number: int) -> dict[str, Any]:
    """What templates/wizard/base.html needs."""
    return {
        "function": function,
        "step": number,
        "steps": list(enumerate(steps.STEPS, 1)),
        "reached": function.draft.wizard_step if function else 1,
        "image": under_way(function.draft.runtime) if function else None,
        **summary_of(function),
    }


def _new_page(form: Form, tags: list[tuple[str, str]], key: str) -> dict[str, Any]:
    page = {**_frame(None, 1), "form": form, "tag_pairs": tags, "starter_key": key}
    if key:
        page["starter"] = starter(FIRST_RUNTIME, key)
    return page


def _refused_create(page: dict[str, Any], form: Form, error: FunctoryError) -> dict[str, Any]:
    if error.field == "tags":
        return {**page, "tag_problem": error.message}
    form.refuse(error)
    return page


def _create_page(function: Function) -> dict[str, Any]:
    form, tags = steps.create_form(function)
    return {**_frame(function, 1), "form": form, "tag_pairs": tags}


def _runtime_page(function: Function) -> dict[str, Any]:
    kept = steps.untouched_starter(function.draft) is None
    form = Form({"runtime": function.draft.runtime})
    offered = choices(timezone.now().date())
    return {**_frame(function, 2), "form": form, "choices": offered, "code_is_kept": kept}


def _code_page(function: Function) -> dict[str, Any]:
    return {
        **editor_context(function),
        **_frame(function, 3),
        "in_wizard": True,
        "starters": starters(function.draft.runtime),
        "used_starter": steps.untouched_starter(function.draft),
    }


def _trigger_page(function: Function) -> dict[str, Any]:
    form = steps.trigger_form(function.draft.trigger)
    return {**_frame(function, 4), "form": form, "auths": UrlAuth.choices, **schedule_context()}


def _review_page(function: Function) -> dict[str, Any]:
    known = fields.environment_of(function.draft)
    command = aws(
        settings.FUNCTORY,
        *("lambda", "create-function", "--function-name", function.name, *_code_words(function)),
        *("--role", f"arn:aws:iam::{function.project.account}:role/lambda"),
    )
    return {
        **_frame(function, 5),
        "form": fields.form_of(function.draft),
        "environment": fields.shown_environment(known, reveal=True),
        "secret_references": fields.secret_references(function.project_id),
        "reveal": True,
        "networks": NetworkMode.choices,
        "runtime": runtime(function.draft.runtime),
        "files": function.draft.files.count(),
        "installs": function.draft.files.filter(path=runtime(function.draft.runtime).manifest).exists(),
        "command": command,
    }


def _code_words(function: Function) -> tuple[str, ...]:
    """The code, as the `aws` command is told of it."""
    draft = function.draft
    if draft.is_image:
        return ("--package-type", "Image", "--code", f"ImageUri={draft.image_uri}")
    return (
        *("--runtime", draft.runtime, "--handler", draft.handler),
        *("--zip-file", f"fileb://{function.name}.zip"),
    )


def _bounded(text: str, default: int) -> int:
    """A number being typed, as far as it makes sense already."""
    return min(int(text), 1_000_000) if text.isdecimal() and int(text) else default


_SAVES: dict[int, Callable[[HttpRequest, Place, Function], HttpResponse]] = {
    1: _save_create,
    2: _save_runtime,
    3: _save_code,
    4: _save_trigger,
    5: _save_review,
}
_PAGES: dict[int, Callable[[Function], dict[str, Any]]] = {
    1: _create_page,
    2: _runtime_page,
    3: _code_page,
    4: _trigger_page,
    5: _review_page,
}
