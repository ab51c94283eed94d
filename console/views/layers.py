"""Layers and runtimes: what functions share, who uses it, and which languages there are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from console.confirming import typed
from console.forms import Form
from console.http import Place, project_view
from console.snippets import aws
from functions.errors import FunctoryError, InvalidParameterValue, RequestTooLarge, ResourceNotFound
from functions.image_states import REBUILD, reports
from functions.limits import MB, ZIP
from functions.queries import layers as queries
from functions.runtimes import RUNTIMES
from functions.services import layers as services
from functions.services import runtime_images
from functions.services.deploys import take_in
from functions.states import Role

FIELDS = ("name", "description", "zip")


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """Every layer's newest version, and the runtimes; POST publishes the first version of a layer."""
    if request.method == "POST":
        place.require(Role.DEVELOPER)
        return _publish(request, place)
    return render(request, "layers/listing.html", _page(place, Form(dict.fromkeys(FIELDS, ""))))


@project_view()
def layer(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The versions of one, and who uses which."""
    lines = _lines(place, name)
    newest = lines[0].version
    command = aws(settings.FUNCTORY, "lambda", "list-layer-versions", "--layer-name", name)
    page = {
        "name": name,
        "lines": lines,
        "newest": newest,
        "form": Form({"description": "", "zip": ""}),
        "command": command,
    }
    return render(request, "layers/layer.html", page)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete(request: HttpRequest, place: Place, name: str, number: int) -> HttpResponse:
    """No function can take the version from now on; those that have it keep it. Its name is typed first."""
    found = [line for line in _lines(place, name) if line.version.number == number]
    if not found:
        raise ResourceNotFound("There is no such version.")
    if not typed(request, f"{name}:{number}"):
        return redirect("layer", place.account, name)
    services.delete_layer_version(acting=place.principal, version=found[0].version)
    kept = found[0].functions
    keep = f" {', '.join(kept[:3])}{' and others' if len(kept) > 3 else ''} keep it." if kept else ""
    messages.info(request, f"Version {number} of {name} is deleted.{keep}")
    if not _kept(place, name):
        return redirect("layers", place.account)
    return redirect("layer", place.account, name)


@require_POST
@project_view(role=Role.ADMINISTRATOR)
def rebuild_images(request: HttpRequest, place: Place) -> HttpResponse:
    """Have the images of all runtimes made anew, in the background."""
    try:
        runtime_images.rebuild(acting=place.principal, project=place.project)
    except FunctoryError as error:
        messages.error(request, error.message)
    return redirect("layers", place.account)


def _publish(request: HttpRequest, place: Place) -> HttpResponse:
    form = Form.read(request.POST, FIELDS)
    sent = request.FILES.get("zip")
    try:
        name = services.check_layer_name(form.text("name"))
        if sent is None:
            raise InvalidParameterValue("Choose a zip file first.", field="zip")
        if (sent.size or 0) > ZIP:
            raise RequestTooLarge(f"A zip has at most {ZIP // MB} MB.", field="zip")
        version = services.publish_layer_version(
            acting=place.principal,
            project=place.project,
            name=name,
            artifact=take_in(sent.read()),
            description=form.text("description"),
        )
    except FunctoryError as error:
        form.refuse(error)
        return render(request, "layers/listing.html", _page(place, form), status=error.status)
    messages.info(
        request, f"{name} has version {version.number}. Name its ARN in a function's configuration."
    )
    return redirect("layer", place.account, name)


def _page(place: Place, form: Form) -> dict[str, Any]:
    told, today = reports(), timezone.now().date()
    rebuild = told.get(REBUILD)
    return {
        "lines": queries.layer_list(place.project.pk, region=settings.FUNCTORY.region),
        "runtimes": [(row, told.get(row.identifier), row.stage(today)) for row in RUNTIMES.values()],
        "rebuild": rebuild,
        "rebuilding": rebuild is not None and rebuild.is_under_way,
        "form": form,
        "command": aws(settings.FUNCTORY, "lambda", "list-layers"),
    }


def _kept(place: Place, name: str) -> list[queries.LayerLine]:
    return queries.versions_of(place.project.pk, region=settings.FUNCTORY.region, name=name)


def _lines(place: Place, name: str) -> list[queries.LayerLine]:
    found = _kept(place, name)
    if not found:
        raise ResourceNotFound(f"There is no layer {name[:140]}.")
    return found
