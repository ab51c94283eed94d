"""The tour of the first visit: closed for good, by whoever saw it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from console.http import Place, project_view
from functions.services import people


@require_POST
@project_view()
def close(_request: HttpRequest, place: Place) -> HttpResponse:
    """Not again, on any browser."""
    people.close_tour(user=place.user)
    return HttpResponse(status=204)
