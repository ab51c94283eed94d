"""Settings: the project, its limits, and about (versions, health, the isolation that holds)."""

from __future__ import annotations

import platform
import tomllib
from functools import cache
from importlib import metadata
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console import isolation, limit_rows
from console.http import Place, project_view
from console.views.home import gateway_health
from functions.config import REPOSITORY
from functions.errors import FunctoryError
from functions.services import projects
from functions.states import Role

# pyproject.toml is the one place that names it; Functory is run from its checkout, not installed.
VERSION = str(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"])
LIBRARIES = ("django", "rq", "redis", "docker", "granian", "uvloop", "botocore", "cryptography")


@project_view()
def index(_request: HttpRequest, place: Place) -> HttpResponse:
    """The first of the settings."""
    return redirect("project_settings", place.project.account)


@project_view()
def project(request: HttpRequest, place: Place) -> HttpResponse:
    """The project's name and concurrency limit; administrators change them."""
    page: dict[str, Any] = {
        "tab": "project",
        "config": settings.FUNCTORY,
        "may_change": place.may(Role.ADMINISTRATOR),
    }
    if request.method != "POST":
        return render(request, "settings/project.html", page)
    place.require(Role.ADMINISTRATOR)
    typed = {name: request.POST.get(name, "").strip() for name in ("name", "concurrency_limit")}
    try:
        projects.change(
            acting=place.principal,
            project=place.project,
            name=typed["name"],
            concurrency_limit=_number(typed["concurrency_limit"]),
        )
    except FunctoryError as error:
        page |= {"error": error, "typed": typed}
        return render(request, "settings/project.html", page, status=error.status)
    messages.info(request, "Saved.")
    return redirect("project_settings", place.project.account)


@project_view()
def limits_page(request: HttpRequest, _place: Place) -> HttpResponse:
    """What is limited, to how much, and by whom."""
    return render(request, "settings/limits.html", {"tab": "limits", "rows": limit_rows.rows()})


@project_view()
def about(request: HttpRequest, _place: Place) -> HttpResponse:
    """Versions, health, and what was read back of the isolation."""
    health, trouble = gateway_health()
    page: dict[str, Any] = {
        "tab": "about",
        "health": health,
        "trouble": trouble,
        "measures": isolation.measures(health.isolation) if health else [],
        "rules": isolation.rules(health.isolation) if health else "",
        "version": VERSION,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "libraries": _libraries(),
        "config": settings.FUNCTORY,
    }
    return render(request, "settings/about.html", page)


@cache  # each is a file to read, and they stay while the process lives
def _libraries() -> list[tuple[str, str]]:
    return [(name, metadata.version(name)) for name in LIBRARIES]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
