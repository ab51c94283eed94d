"""The search of the command palette: functions, what can be done with them, pages, actions, and a request id as
it is. What the reader opened lately is known to their browser alone (js/recent.js)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from console.http import Place, may_open, project_view
from functions.models import Function
from functions.queries import functions as function_queries
from functions.queries.functions import FunctionFilter

# Title, route, query. Whoever may not open a page is not offered it.
PAGES = (
    ("Home", "home", ""),
    ("Functions", "functions", ""),
    ("Triggers", "triggers", ""),
    ("Events", "events", ""),
    ("Dead letters", "events", "?state=dead"),
    ("Queues", "queues", ""),
    ("Buckets", "buckets", ""),
    ("Logs", "logs", ""),
    ("Refused requests", "refusals", ""),
    ("Metrics", "metrics", ""),
    ("Alarms", "alarms", ""),
    ("Billing", "billing", ""),
    ("Sandboxes", "sandboxes", ""),
    ("Layers and runtimes", "layers", ""),
    ("Secrets", "secrets", ""),
    ("Deleted functions", "functions_deleted", ""),
    ("Project settings", "project_settings", ""),
    ("Access keys", "keys", ""),
    ("People", "people", ""),
    ("Limits", "limits", ""),
    ("Audit log", "audit", ""),
    ("Doctor: health, isolation, versions", "about", ""),
)
ACTIONS = (
    ("New function", "wizard_new", ""),
    ("Make an access key", "keys", ""),
    ("Add a person", "people", ""),
    ("Take the tour", "home", "?tour=1"),
)
# What can be done with a function, by the word that asks for it: "logs orders" or "orders logs".
DOINGS = {
    "code": ("Edit the code of", "function_code"),
    "test": ("Test", "function_test"),
    "monitor": ("Monitor", "function_monitor"),
    "logs": ("Logs of", "function_logs"),
    "triggers": ("Triggers of", "function_triggers"),
    "configuration": ("Configuration of", "function_configuration"),
    "versions": ("Versions of", "function_versions"),
}
MOST_FOUND = 8
MOST_DOINGS = 4  # for the function that matches best, when no word asks for one


@dataclass(frozen=True, slots=True)
class Door:
    """A line of the palette."""

    title: str
    url: str


@project_view()
def search(request: HttpRequest, place: Place) -> HttpResponse:
    """What matches a few letters."""
    text = request.GET.get("q", "").strip()[:100]
    doing, rest = _asked(text)
    found = list(_matching(place, rest)[:MOST_FOUND])
    actions = _doings(place, found, doing) if text else []
    page = {
        "text": text,
        "functions": [] if doing else found,
        "actions": [*actions, *_doors(place, text, ACTIONS)],
        "pages": _doors(place, text, PAGES),
        "request_id": _request_id(text),
    }
    return render(request, "home/search.html", page)


def _asked(text: str) -> tuple[str, str]:
    """The doing that a word of the text asks for, and the words that are left to name a function."""
    words = text.split()
    doing = next((word for word in words if word.lower() in DOINGS), "") if len(words) > 1 else ""
    return doing.lower(), " ".join(word for word in words if word != doing)


def _matching(place: Place, text: str) -> QuerySet[Function]:
    chosen = FunctionFilter(text=text)
    return function_queries.matching(project_id=place.project.id, chosen=chosen).order_by("name")


def _doings(place: Place, found: list[Function], doing: str) -> list[Door]:
    if doing:
        title, route = DOINGS[doing]
        return [
            Door(f"{title} {one.name}", reverse(route, args=[place.account, one.address])) for one in found
        ]
    few = list(DOINGS.values())[:MOST_DOINGS]
    return [
        Door(f"{title} {one.name}", reverse(route, args=[place.account, one.address]))
        for one in found[:1]
        for title, route in few
    ]


def _doors(place: Place, text: str, rows: Iterable[tuple[str, str, str]]) -> list[Door]:
    words = text.lower().split()
    named = [
        Door(title, reverse(route, args=[place.account]) + query)
        for title, route, query in rows
        if all(word in title.lower() for word in words)
    ]
    return [door for door in named if may_open(place, door.url)][:MOST_FOUND]


def _request_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
