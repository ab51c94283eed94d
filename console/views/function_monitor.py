"""A function's Monitor tab: the answer in words, linked charts, and the newest calls with filters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from console import metric_charts
from console.http import Place, project_view
from console.paging import next_address
from console.ranges import TimeRange
from console.views.metrics import compares, series_answer
from functions.models import Function
from functions.queries import invocations, metrics
from functions.queries.refusals import refused_since
from functions.states import Outcome, TriggerKind

PAGE = 30
FILTERS = ("outcome", "version", "trigger", "text", "sandbox", "cold")


@project_view()
def monitor(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The whole tab; with `marker` only the next rows of the table."""
    function = place.function(name)
    within = TimeRange.read(request.GET, timezone.now())
    page = {
        "function": function,
        "range": within,
        "compares": compares(request),
        "refused": refused_since(
            project_id=place.project.id, function_name=function.name, since=timezone.now() - timedelta(days=1)
        ),
        "charts": metric_charts.CHARTS,
        "totals": metrics.totals(
            chosen=metrics.MetricRange(place.project.id, within.start, within.end, function.id)
        ),
        **_table(request, place, function, within),
    }
    part = request.GET.get("part") == "rows"
    return render(request, "invocations/rows.html" if part else "functions/monitor.html", page)


@project_view()
def series(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The charts' numbers as JSON."""
    return JsonResponse(series_answer(request, place.project.id, place.function(name).id))


def _table(request: HttpRequest, place: Place, function: Function, within: TimeRange) -> dict[str, Any]:
    chosen = chosen_from(request, function, within.start, within.end)
    page = invocations.invocations(
        project_id=place.project.id, chosen=chosen, marker=request.GET.get("marker", ""), size=PAGE
    )
    return {
        "page": page,
        "older": next_address(request, page.next_marker),
        "chosen": {name: request.GET.get(name, "") for name in FILTERS},
        "outcomes": [(invocations.ERRORS, "Errors"), (invocations.FAILED, "All failures"), *Outcome.choices],
        "triggers": TriggerKind.choices,
        "versions": invocations.versions_seen(project_id=place.project.id, function_id=function.id),
    }


def chosen_from(
    request: HttpRequest, function: Function, start: datetime, end: datetime
) -> invocations.InvocationFilter:
    """The filter that an address asks for."""
    get = request.GET.get
    return invocations.InvocationFilter(
        function_id=function.id,
        outcome=get("outcome", ""),
        version=get("version", ""),
        trigger=get("trigger", ""),
        text=get("text", ""),
        sandbox_id=get("sandbox", ""),
        cold=get("cold", "") == "1",
        start=start,
        end=end,
    )
