"""The audit log: who changed what, newest first, with before and after."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.http import Place, project_view
from console.paging import next_address
from functions.queries import audit
from functions.states import Role


@project_view(role=Role.OPERATOR)
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """A page of entries, filtered by person or object and by action."""
    text, action = request.GET.get("text", ""), request.GET.get("action", "")
    page = audit.entries(
        project_id=place.project.id, text=text, action=action, marker=request.GET.get("marker", "")
    )
    context = {
        "tab": "audit",
        "page": page,
        "older": next_address(request, page.next_marker),
        "text": text,
        "action": action,
        "actions": audit.actions(project_id=place.project.id),
    }
    return render(request, "settings/audit.html", context)
