"""The project's metrics: overview charts, a table by function, and the JSON that charts are drawn from."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from console import metric_charts
from console.http import Place, project_view
from console.metric_charts import DeployMark
from console.ranges import TimeRange
from functions.models import Function
from functions.queries import deployments, metric_ranks, metrics

# The word in the address, the number it sorts by, and the column's heading, in the table's order.
SORTS = (
    ("calls", "invocations", "Calls"),
    ("errors", "errors", "Errors"),
    ("rate", "error_rate", "Error rate"),
    ("p95", "p95_us", "p95"),
    ("cold", "cold_starts", "Cold starts"),
    ("throttles", "throttles", "Throttles"),
    ("cost", "cost_pico", "Cost"),
)
MOST_ROWS = 50


@project_view()
def overview(request: HttpRequest, place: Place) -> HttpResponse:
    """Charts over all functions and a row for each that ran in the range."""
    within = TimeRange.read(request.GET, timezone.now())
    chosen = metrics.MetricRange(place.project.id, within.start, within.end)
    page = {
        "range": within,
        "compares": compares(request),
        "sort": request.GET.get("sort", "calls"),
        "charts": metric_charts.CHARTS,
        "totals": metrics.sums(chosen=chosen),
    }
    return render(request, "metrics/overview.html", page)


@project_view()
def by_function(request: HttpRequest, place: Place) -> HttpResponse:
    """The table, loaded after the page: percentiles of a long range take longer than a page may."""
    within = TimeRange.read(request.GET, timezone.now())
    sort = request.GET.get("sort", "calls")
    page = {
        "range": within,
        "sort": sort,
        "sorts": [(key, label) for key, _, label in SORTS],
        "rows": _rows(metrics.MetricRange(place.project.id, within.start, within.end), sort),
        "most": MOST_ROWS,
    }
    return render(request, "metrics/by_function.html", page)


@project_view()
def series(request: HttpRequest, place: Place) -> HttpResponse:
    """The charts' numbers as JSON; `function` (an id), `version` and `trigger` restrict them."""
    return JsonResponse(series_answer(request, place.project.id, _uuid(request.GET.get("function", ""))))


def series_answer(request: HttpRequest, project_id: UUID, function_id: UUID | None) -> dict[str, Any]:
    """The JSON for a project's or a function's charts."""
    within = TimeRange.read(request.GET, timezone.now())
    only = (function_id, request.GET.get("version", ""), request.GET.get("trigger", ""))

    def rows(of: TimeRange) -> metric_charts.Rows:
        chosen = metrics.MetricRange(project_id, of.start, of.end, *only)
        return metrics.series(chosen=chosen, step_s=of.step_s)

    return metric_charts.answer(
        within=within,
        rows=rows(within),
        deploys=marks(project_id, function_id, within),
        before=rows(within.before) if compares(request) else None,
    )


def compares(request: HttpRequest) -> bool:
    """Whether the address asks for the range before beside the range."""
    return request.GET.get("compare") == "1"


def marks(project_id: UUID, function_id: UUID | None, within: TimeRange) -> list[DeployMark]:
    """The deploys of a range, for the charts' marks."""
    found = deployments.succeeded_between(
        project_id=project_id, start=within.start, end=within.end, function_id=function_id
    )
    return [DeployMark(one.at, f"{one.function_name} version {one.version or '?'}") for one in found]


def _rows(chosen: metrics.MetricRange, sort: str) -> list[dict[str, Any]]:
    """A row for each of the functions with most of the sorted number, named."""
    order = next((column for word, column, _ in SORTS if word == sort), "invocations")
    found = metric_ranks.by_function(chosen=chosen, order=order, limit=MOST_ROWS)
    named = Function.objects.only("name", "region", "deleted_at")
    functions = named.in_bulk([function_id for function_id, _ in found])
    return [
        {"function": functions[function_id], **numbers}
        for function_id, numbers in found
        if function_id in functions
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
