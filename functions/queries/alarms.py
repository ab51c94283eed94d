"""Alarms for pages."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, When

from functions.models import Alarm, AlarmChange, Function
from functions.states import AlarmState

MOST_SHOWN = 500
CHANGES_SHOWN = 50


def listing(project_id: UUID) -> list[Alarm]:
    """A project's alarms, those that ring first."""
    ringing = Case(When(state=AlarmState.ALARM, then=0), default=1, output_field=IntegerField())
    rows = _live(project_id).annotate(order=ringing).order_by("order", "name")
    return list(rows[:MOST_SHOWN])


def ringing(project_id: UUID, function: Function | None = None) -> list[Alarm]:
    """Those that ring: a function's own, or all of a project's."""
    rows = _live(project_id).filter(state=AlarmState.ALARM, enabled=True)
    return list((rows.filter(function=function) if function else rows)[:10])


def changes_of(alarm: Alarm) -> list[AlarmChange]:
    """What became of one, newest first."""
    return list(alarm.changes.order_by("-at")[:CHANGES_SHOWN])


def _live(project_id: UUID) -> QuerySet[Alarm]:
    rows = Alarm.objects.filter(Q(function=None) | Q(function__deleted_at=None), project_id=project_id)
    return rows.select_related("function", "changed_by")
