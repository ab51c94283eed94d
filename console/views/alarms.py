"""Alarms: list and create, and the page of one with what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console.confirming import typed
from console.forms import Form
from console.http import Place, project_view
from functions.alarm_policy import METRICS, PERIODS_S, Condition
from functions.errors import FunctoryError, InvalidParameterValue, ResourceNotFound
from functions.models import Alarm
from functions.queries import alarms as queries
from functions.services import alarms as services
from functions.states import AlarmState, Comparison, NoticeStyle, Role

FIELDS = (
    *("name", "function", "metric", "comparison", "threshold", "period", "periods", "datapoints"),
    *("webhook", "style"),
)
FIRST = {"metric": "errors", "comparison": Comparison.AT_LEAST, "threshold": "1", "period": "300"}
TONES = {AlarmState.OK: "good", AlarmState.ALARM: "bad", AlarmState.INSUFFICIENT: "off"}


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """Those that ring first; POST makes one."""
    blank = {**dict.fromkeys(FIELDS, ""), **FIRST, "periods": "1", "datapoints": "1"}
    form = Form({**blank, "function": request.GET.get("function", "")})
    if request.method != "POST":
        return render(request, "alarms/listing.html", _page(place, form))
    place.require(Role.OPERATOR)
    form = Form.read(request.POST, FIELDS)
    try:
        alarm = _create(place, form)
    except FunctoryError as error:
        form.refuse(error)
        return render(request, "alarms/listing.html", _page(place, form), status=error.status)
    messages.info(request, f"{alarm.name} is looked at every half minute from now on.")
    return redirect("alarm", place.account, alarm.pk)


@project_view()
def alarm(request: HttpRequest, place: Place, alarm_id: UUID) -> HttpResponse:
    """One alarm, what it says now, and what became of it."""
    found = _alarm(place, alarm_id)
    page = {
        "alarm": found,
        "tone": TONES[AlarmState(found.state)],
        "condition": found.condition.words(),
        "changes": [(row, TONES[AlarmState(row.after)]) for row in queries.changes_of(found)],
    }
    return render(request, "alarms/alarm.html", page)


@require_POST
@project_view(role=Role.OPERATOR)
def try_out(request: HttpRequest, place: Place, alarm_id: UUID) -> HttpResponse:
    """Tell its webhook as if it rang."""
    services.try_out(acting=place.principal, alarm=_alarm(place, alarm_id))
    messages.info(request, "The webhook is told; what it answers stands below in a moment.")
    return redirect("alarm", place.account, alarm_id)


@require_POST
@project_view(role=Role.OPERATOR)
def enable(request: HttpRequest, place: Place, alarm_id: UUID) -> HttpResponse:
    """Look at it no more, or again."""
    enabled = request.POST.get("enabled") == "1"
    services.set_enabled(acting=place.principal, alarm=_alarm(place, alarm_id), enabled=enabled)
    messages.info(request, "It is looked at again." if enabled else "It is looked at no more.")
    return redirect("alarm", place.account, alarm_id)


@require_POST
@project_view(role=Role.OPERATOR)
def delete(request: HttpRequest, place: Place, alarm_id: UUID) -> HttpResponse:
    """Gone, with what it has told, once its name was typed."""
    found = _alarm(place, alarm_id)
    if not typed(request, found.name):
        return redirect("alarm", place.account, found.pk)
    services.delete_alarm(acting=place.principal, alarm=found)
    messages.info(request, f"{found.name} is deleted.")
    return redirect("alarms", place.account)


def _create(place: Place, form: Form) -> Alarm:
    return services.create_alarm(
        acting=place.principal,
        project=place.project,
        function=place.function_typed(form.text("function"), "function"),
        name=form.text("name"),
        condition=_condition(form),
        webhook=form.text("webhook"),
        style=form.text("style"),
    )


def _condition(form: Form) -> Condition:
    comparison = form.text("comparison")
    if comparison not in Comparison.values:
        raise InvalidParameterValue("Choose how.", field="comparison")
    try:
        threshold = float(form.text("threshold"))
    except ValueError:
        raise InvalidParameterValue("A number from 0 up.", field="threshold") from None
    return Condition(
        metric=form.text("metric"),
        comparison=Comparison(comparison),
        threshold=threshold,
        period_s=form.number("period", "The period"),
        periods=form.number("periods", "The number of periods"),
        datapoints=form.number("datapoints", "The number of periods"),
    )


def _page(place: Place, form: Form) -> dict[str, Any]:
    return {
        "alarms": [(row, TONES[AlarmState(row.state)]) for row in queries.listing(place.project.pk)],
        "form": form,
        "metrics": [
            (key, f"{metric.title} ({metric.unit})" if metric.unit else metric.title)
            for key, metric in METRICS.items()
        ],
        "comparisons": Comparison.choices,
        "periods": [(str(seconds), f"{seconds // 60} min") for seconds in PERIODS_S],
        "styles": NoticeStyle.choices,
    }


def _alarm(place: Place, alarm_id: UUID) -> Alarm:
    rows = Alarm.objects.select_related("function", "changed_by")
    found = rows.filter(project=place.project, pk=alarm_id).first()
    if found is None:
        raise ResourceNotFound("There is no such alarm.")
    return found
