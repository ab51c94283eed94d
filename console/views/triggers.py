"""Triggers over all functions of a project: what calls them by itself, kind by kind."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.http import Place, project_view
from console.paging import next_address
from console.snippets import aws
from console.trigger_rows import trigger_rows
from functions.queries import triggers
from functions.queries.access import live_functions
from functions.queries.triggers import KINDS, QUEUES, RULES, SCHEDULES, URLS

# What AWS calls it, for "As AWS CLI", where AWS has it; a function URL and a bucket are asked after one by one.
COMMANDS = {
    URLS.key: ("lambda", "list-function-url-configs", "--function-name", "NAME"),
    SCHEDULES.key: ("events", "list-rules"),
    QUEUES.key: ("lambda", "list-event-source-mappings"),
    RULES.key: ("events", "list-rules"),
    "buckets": ("s3api", "get-bucket-notification-configuration", "--bucket", "NAME"),
}


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """One tab of triggers."""
    kind = triggers.kind_named(request.GET.get("kind", ""))
    text = request.GET.get("q", "").strip()[:64]
    page = triggers.triggers(
        project_id=place.project.id, kind=kind, text=text, marker=request.GET.get("marker", "")
    )
    counts = triggers.counts(project_id=place.project.id)
    rows = trigger_rows(kind, page.items)
    living = live_functions(place.project.id).filter(name__in={row.function for row in rows})
    context = {
        "kind": kind,
        "tabs": [{"key": one.key, "label": one.label, "count": counts[one.key]} for one in KINDS],
        "rows": rows,
        "living": set(living.values_list("name", flat=True)),  # a rule outlives the function that it names
        "older": next_address(request, page.next_marker),
        "text": text,
        "fires": kind in {SCHEDULES, QUEUES},
        "is_schedule": kind == SCHEDULES,
        "command": aws(settings.FUNCTORY, *COMMANDS[kind.key]) if kind.key in COMMANDS else "",
    }
    return render(request, "triggers/listing.html", context)
