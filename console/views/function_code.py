"""The Code tab: files, editor, saving with a token, zip upload and download. What runs is not touched here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console import draft_files
from console.editor_words import words_of
from console.http import Place, project_view, read_json, refusal
from console.snippets import aws
from console.test_result import first_event
from console.test_targets import targets
from console.views.function_image import image_page
from functions.archives import FileContent, pack
from functions.errors import FunctoryError, PreconditionFailed, RequestTooLarge, ResourceNotFound
from functions.installation import store
from functions.limits import MB, ZIP
from functions.models import Draft, DraftFile, Function
from functions.queries.test_events import visible_events
from functions.runtimes import runtime
from functions.services import drafts
from functions.services.refusals import note_refusal
from functions.states import DRAFT, LIVE_ALIAS, Role

MOST_VERSIONS = 200  # to compare with


@project_view()
def index(_request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """A function's own address: the wizard while it is a draft, its code afterwards."""
    function = place.function(name)
    if function.is_draft and function.draft.wizard_step and place.may(Role.DEVELOPER):
        return redirect("wizard_step", place.account, name, function.draft.wizard_step)
    return redirect("function_code", place.account, name)


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab; `file` and `line` of the address choose what the editor shows."""
    function = place.function(name)
    if function.draft.is_image:
        return image_page(request, function)
    context = {
        **editor_context(function),
        "open_file": request.GET.get("file", ""),
        "open_line": request.GET.get("line", ""),
        "test_events": (saved := visible_events(function=function, user_id=place.user.pk)),
        "targets": targets(function, editing=True),
        "target": DRAFT,
        "first_payload": first_event(function, saved),
        "command": aws(
            settings.FUNCTORY,
            *("lambda", "update-function-code", "--function-name", function.name),
            *("--zip-file", f"fileb://{function.name}.zip"),
        ),
    }
    return render(request, "functions/code.html", context)


@require_POST
@project_view(role=Role.DEVELOPER)
def save(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Write what the editor changed; a stale token is answered with what is saved now, to compare."""
    function = place.function(name)
    document = read_json(request)
    token, files, removed = draft_files.read_changes(document)
    moved = document.get("moved")
    if isinstance(moved, dict) and moved:
        files = {**draft_files.renamed(function.draft, {str(a): str(b) for a, b in moved.items()}), **files}
    try:
        drafts.save_files(
            acting=place.principal, function=function, token=token, files=files, removed=removed
        )
    except PreconditionFailed as error:
        theirs = draft_files.as_json(_fresh(function))
        by = function.draft.saved_by
        shape = {"code": error.code, "message": error.message, "by": by.get_username() if by else ""}
        return JsonResponse({"error": shape, "theirs": theirs}, status=error.status)
    saved = _fresh(function)
    return JsonResponse({"token": str(saved.token), "deployed": saved.is_deployed})


@require_POST
@project_view(role=Role.DEVELOPER)
def upload(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Take a zip in place of all files."""
    function = place.function(name)
    back = request.POST.get("back", "")
    sent = request.FILES.get("zip")
    try:
        if sent is None:
            raise RequestTooLarge("Choose a zip file first.")
        if (sent.size or 0) > ZIP:
            raise RequestTooLarge(f"A zip has at most {ZIP // MB} MB.")
        token = draft_files.read_token(request.POST["token"]) if "token" in request.POST else None
        drafts.upload_zip(acting=place.principal, function=function, data=sent.read(), token=token)
    except FunctoryError as error:
        size = sent.size or 0 if sent else 0
        note_refusal(
            acting=place.principal,
            operation="Upload",
            function_name=function.name,
            error=error,
            payload_bytes=size,
        )
        messages.error(request, f"The zip was not taken, and the code is as it was: {error.message}")
    else:
        messages.info(request, f"{sent.name} is the code now. Deploy to make it run." if sent else "")
    if back == "wizard":
        return redirect("wizard_step", place.account, name, 3)
    return redirect("function_code", place.account, name)


@project_view()
def download(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The draft as a zip, or the code that is deployed with `what=deployed`."""
    function = place.function(name)
    try:
        content = _package(function, deployed=request.GET.get("what") == "deployed")
    except FunctoryError as error:
        return refusal(request, error)
    answer = HttpResponse(content, content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{function.name}.zip"'
    return answer


def editor_context(function: Function) -> dict[str, Any]:
    """What templates/functions/editor.html needs."""
    draft = Draft.objects.select_related("package", "saved_by").get(function=function)
    row = runtime(draft.runtime)
    live = function.aliases.filter(name=LIVE_ALIAS).select_related("version").first()
    return {
        "function": function,
        "draft": draft,
        "runtime": row,
        "live_version": live.version.number if live and live.version else None,
        "versions": list(
            function.versions.order_by("-number").values_list("number", flat=True)[:MOST_VERSIONS]
        ),
        "words": words_of(draft, function.latest),
        "editor": {**draft_files.as_json(draft), "main": main_file(draft.handler, row.default_file)},
    }


def main_file(handler: str, default: str) -> str:
    """The path that the editor opens first, from the handler: app.run is in app.py, app.mjs, ...;
    shop.Orders::take in Orders.java."""
    if "::" in handler:
        stem = handler.split("::")[-2].rpartition(".")[2].partition("$")[0]
    else:
        stem, _, _ = handler.rpartition(".")
    suffix = default.rpartition(".")[2] if "." in default else ""
    return f"{stem}.{suffix}" if stem and suffix else default


def _fresh(function: Function) -> Draft:
    return Draft.objects.get(function=function)


def _package(function: Function, *, deployed: bool) -> bytes:
    if function.draft.is_image:
        raise ResourceNotFound("The code is a container image: there is no zip of it.")
    if deployed:
        if function.latest is None:
            raise ResourceNotFound("Nothing is deployed yet.")
        return store().read(function.latest.artifact_id)
    draft = function.draft
    if draft.package_id:
        return store().read(draft.package_id)
    rows = DraftFile.objects.filter(draft=draft)
    return pack({row.path: FileContent(bytes(row.content), row.executable) for row in rows})
