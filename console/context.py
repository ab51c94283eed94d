"""What every template may use: the project and the person of the page, and what they may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from console.http import Place
from console.release import release
from functions.queries import access
from functions.states import Role

# The section of the left rail that a page belongs to, by the first word of its address after the project.
SECTIONS = frozenset(
    {
        "functions",
        "triggers",
        "events",
        "queues",
        "buckets",
        "logs",
        "metrics",
        "alarms",
        "billing",
        "sandboxes",
        "layers",
        "settings",
    }
)
_ELSEWHERE = {"new": "functions", "deleted": "functions"}


def page(request: HttpRequest) -> dict[str, Any]:
    """Variables of the page frame; `project` is absent on pages outside of one."""
    place: Place | None = getattr(request, "place", None)
    everywhere = {
        "region": settings.FUNCTORY.region,
        "release": release(),
        "unverified": settings.FUNCTORY.unverified,
    }
    if place is None:
        return everywhere
    return {
        **everywhere,
        "project": place.project,
        "principal": place.principal,
        "projects": SimpleLazyObject(lambda: access.projects_of(place.user)),
        "section": section_of(request.path),
        "may": {role.value: place.may(role) for role in Role},
    }


def section_of(path: str) -> str:
    """ "functions" for /p/<account>/functions/..., "home" for the project itself."""
    parts = path.strip("/").split("/")
    word = parts[2] if len(parts) > 2 else "home"
    return word if word in SECTIONS else _ELSEWHERE.get(word, "home")
