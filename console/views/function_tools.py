"""What the editor asks while somebody types: problems, the usual form of a file, a version's files to compare
with, what is in a zip, versions of packages. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from console import draft_files
from console.http import Place, project_view, read_json
from console.languages import packages, table
from functions.archives import Archive
from functions.errors import InvalidRequestContent, RequestTooLarge, ResourceNotFound
from functions.installation import store
from functions.limits import EDITOR_FILES, EDITOR_TEXT, MB, ZIP
from functions.runtimes import runtime
from functions.services.drafts import fits_editor
from functions.services.versions import version_numbered
from functions.states import Role


@require_POST
@project_view()
def lint(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The problems of the files that are sent, which need not be saved."""
    draft = place.function(name).draft
    files = _texts(read_json(request).get("files"))
    return JsonResponse({"problems": [asdict(problem) for problem in table.lint(files, draft.runtime)]})


@require_POST
@project_view(role=Role.DEVELOPER)
def format_file(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """One file's text in its language's usual form."""
    draft = place.function(name).draft
    document = read_json(request)
    path, text = str(document.get("path", "")), str(document.get("text", ""))
    _texts({path: text})
    return JsonResponse({"text": table.format_text(path, text, draft.runtime)})


@require_safe
@project_view()
def version_files(_request: HttpRequest, place: Place, name: str, number: int) -> HttpResponse:
    """The files of a version, to compare the draft with."""
    version = version_numbered(place.function(name), number)
    if version.revision.is_image:
        raise ResourceNotFound(f"Version {number} is a container image: it has no files here.")
    archive = Archive(store().read(version.revision.artifact_id))
    return JsonResponse({"files": _files(archive, f"Version {number}'s code")})


@require_POST
@project_view(role=Role.DEVELOPER)
def unpack(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """What is in a zip that was dropped on the files, checked as an upload is; the editor adds it to what it has,
    and a save stores it."""
    place.function(name)
    sent = request.FILES.get("zip")
    if sent is None:
        raise InvalidRequestContent("There is no zip in the request.")
    if (sent.size or 0) > ZIP:
        raise RequestTooLarge(f"A zip has at most {ZIP // MB} MB.")
    return JsonResponse({"files": _files(Archive(sent.read()), "This zip")})


@require_safe
@project_view(role=Role.DEVELOPER)
def package(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The versions of a package; with `q`, names for what was typed so far."""
    draft = place.function(name).draft
    if "q" in request.GET:
        typed = request.GET["q"].strip()[:100]
        names = packages.search(runtime(draft.runtime), typed, settings.FUNCTORY.home)
        return JsonResponse({"names": names})
    found = packages.look_up(runtime(draft.runtime), request.GET.get("name", "").strip())
    return JsonResponse(asdict(found))


def _files(archive: Archive, what: str) -> list[dict[str, Any]]:
    if not fits_editor(archive):
        raise RequestTooLarge(
            f"{what} does not fit the editor: it holds {EDITOR_FILES} files and {EDITOR_TEXT // MB} MB, and no links."
        )
    return [draft_files.described(path, content) for path, content in sorted(archive.files().items())]


def _texts(sent: Any) -> dict[str, str]:
    """Files by path within the editor's limits; raises InvalidRequestContent or RequestTooLarge."""
    if not isinstance(sent, dict) or not all(isinstance(text, str) for text in sent.values()):
        raise InvalidRequestContent("The editor sent something that cannot be read.")
    size = sum(len(text.encode("utf-8", "replace")) for text in sent.values())
    if len(sent) > EDITOR_FILES or size > EDITOR_TEXT:
        raise RequestTooLarge(f"The editor holds at most {EDITOR_FILES} files and {EDITOR_TEXT // MB} MB.")
    return sent
