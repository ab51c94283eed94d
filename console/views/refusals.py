"""Requests that were refused before they became a call or a change: who asked for what, and why not."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.http import Place, project_view
from console.paging import next_address
from functions.queries import refusals
from functions.queries.refusals import RefusalFilter


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """The list, newest first; `function`, `error` and `request` restrict it."""
    get = request.GET.get
    chosen = RefusalFilter(get("function", "").strip(), get("error", ""), _uuid(get("request", "")))
    page = refusals.refusals(project_id=place.project.id, chosen=chosen, marker=get("marker", ""))
    context = {
        "page": page,
        "older": next_address(request, page.next_marker),
        "chosen": chosen,
        "error_types": refusals.error_types(project_id=place.project.id),
    }
    return render(request, "logs/refused.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
