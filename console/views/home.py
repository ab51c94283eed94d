"""The first page of a project: is it well, what failed, what was deployed, what it costs; the health dot; and
the pages of addresses that lead nowhere."""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from console.http import Place, project_view, refusal
from functions.errors import FunctoryError, ResourceNotFound
from functions.models import User
from functions.outages import full_disk
from functions.queries import access
from functions.queries.home import home as home_facts
from functions.starters import PATHS, starter
from runner.client import GatewayClient, GatewayDown, GatewayRefused, Health

log = logging.getLogger(__name__)

STARTER_RUNTIME = "python3.13"


def root(request: HttpRequest) -> HttpResponse:
    """To the person's first project."""
    user = request.user
    assert isinstance(user, User)  # LoginRequiredMiddleware has seen to it
    projects = access.projects_of(user)
    if projects:
        return redirect("home", projects[0].account)
    return refusal(request, ResourceNotFound("You are not a member of any project yet."))


def in_project(request: HttpRequest, page: str) -> HttpResponse:
    """An address without a project, as people type and write it, in the person's first project."""
    user = request.user
    assert isinstance(user, User)  # LoginRequiredMiddleware has seen to it
    projects = access.projects_of(user)
    if not projects:
        return root(request)
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{reverse('home', args=[projects[0].account])}{page}{'?' if query else ''}{query}")


@project_view()
def home(request: HttpRequest, place: Place) -> HttpResponse:
    """The page."""
    facts = home_facts(project_id=place.project.id, now=timezone.now())
    begin = [starter(STARTER_RUNTIME, key) for key in PATHS] if facts.is_empty else ()
    page = {"facts": facts, "starters": begin}
    return render(request, "home/home.html", page)


@never_cache
@project_view()
def health_dot(request: HttpRequest, place: Place) -> HttpResponse:  # noqa: ARG001
    """The dot of the top bar: whether functions can run."""
    health, trouble = gateway_health()
    trouble = trouble or _trouble_of(health)
    well = "soon" if trouble else "good"
    tone = "bad" if health is None or not health.ok else well
    return render(request, "home/health.html", {"tone": tone, "trouble": trouble})


def gateway_health() -> tuple[Health | None, str]:
    """How the gateway is, or why it does not say."""
    try:
        with GatewayClient(settings.FUNCTORY) as gateway:
            return gateway.health(), ""
    except GatewayDown as down:
        return None, str(down)
    except GatewayRefused as refused:
        return None, refused.message


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """An address that leads nowhere."""
    return refusal(request, ResourceNotFound("There is no page at this address."))


def failed(request: HttpRequest) -> HttpResponse:
    """A fault of Functory's own, or of what it stands on: Django comes here from views and from the session that
    is stored after them alike. The usual page reads the database; when that is what has failed, a plain one that
    needs nothing takes its place, since an error here would be an empty answer."""
    unknown = FunctoryError("Functory could not make this page. The fault is logged.")
    shown = full_disk(sys.exc_info()[1], settings.FUNCTORY.home) or unknown
    try:
        return refusal(request, shown)
    except Exception:
        log.exception("the page that tells of a fault could not be made")
        return HttpResponseServerError(get_template("500.html").render())


def _trouble_of(health: Health | None) -> str:
    found = (health.engine, health.redis) if health else ()
    return " ".join(trouble for trouble in found if trouble != "ok")
