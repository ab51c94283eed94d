"""Gradual releases: begun, watched, promoted and aborted on the Versions tab."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console.forms import Form
from console.http import Place, project_view
from console.release_form import FIRST, running_release, typed_steps
from console.views.function_versions import page_of
from functions.errors import FunctoryError, ResourceNotFound
from functions.models import Release
from functions.services import releases as services
from functions.states import Role


@require_POST
@project_view(role=Role.DEVELOPER)
def start(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Begin to move `live` to a version that is published."""
    function, form = place.function(name), Form.read(request.POST, tuple(FIRST))
    try:
        number = form.number("version", "The version")
        services.start_release(
            acting=place.principal, function=function, number=number, steps=typed_steps(request.POST)
        )
    except FunctoryError as error:
        form.refuse(error)
        return page_of(request, function, release_form=form, status=error.status)
    messages.info(request, f"Version {number} begins to take calls.")
    return redirect("function_versions", place.account, name)


@never_cache
@project_view()
def running(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The part of the tab that changes while a release is under way; once it has ended, the page comes anew."""
    function = place.function(name)
    found = running_release(function)
    answer = render(request, "functions/release_running.html", {"function": function, "running": found})
    if found is None:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_POST
@project_view(role=Role.DEVELOPER)
def promote(request: HttpRequest, place: Place, name: str, release_id: UUID) -> HttpResponse:
    """All calls to the new version now."""
    release = services.promote(acting=place.principal, release=_release(place, name, release_id))
    messages.info(request, f"Version {release.new_number} serves all calls.")
    return redirect("function_versions", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def abort(request: HttpRequest, place: Place, name: str, release_id: UUID) -> HttpResponse:
    """All calls back to the old version."""
    release = services.abort(acting=place.principal, release=_release(place, name, release_id))
    messages.info(request, f"Version {release.old_number} serves all calls again.")
    return redirect("function_versions", place.account, name)


def _release(place: Place, name: str, release_id: UUID) -> Release:
    found = Release.objects.filter(function=place.function(name), pk=release_id).first()
    if found is None:
        raise ResourceNotFound("There is no such release.")
    return found
