"""Reads of finished invocations: lists by function or project, one by its request id. Telemetry only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from functions.models import Event, Invocation
from functions.queries.pages import Page, keyset_page
from functions.states import FUNCTION_FAULTS, Outcome

ORDER = ("-started_at", "-id")
FAILED = "failed"  # a filter that stands for every outcome but success and throttled
ERRORS = "errors"  # the function's own faults: what AWS counts as Errors


@dataclass(frozen=True, slots=True)
class InvocationFilter:
    """Which invocations: empty fields do not restrict. `outcome` is an Outcome, FAILED or ERRORS; times are
    [start, end). `text` is part of the error's type or message."""

    function_id: UUID | None = None
    outcome: str = ""
    version: str = ""
    trigger: str = ""
    text: str = ""
    sandbox_id: str = ""
    cold: bool = False
    start: datetime | None = None
    end: datetime | None = None


def invocations(
    *, project_id: UUID, chosen: InvocationFilter, marker: str = "", size: int = 50
) -> Page[Invocation]:
    """A page of invocations, newest first, without logs and payloads."""
    return keyset_page(matching(project_id=project_id, chosen=chosen), order=ORDER, marker=marker, size=size)


def matching(*, project_id: UUID, chosen: InvocationFilter) -> QuerySet[Invocation]:
    """The rows of a filter, in no order."""
    rows = Invocation.objects.filter(project_id=project_id)
    exact = {
        "function_id": chosen.function_id,
        "version": chosen.version,
        "trigger": chosen.trigger,
        "sandbox_id": chosen.sandbox_id,
        "cold": chosen.cold,
        "started_at__gte": chosen.start,
        "started_at__lt": chosen.end,
    }
    rows = rows.filter(**{field: value for field, value in exact.items() if value})
    if chosen.outcome:
        rows = rows.filter(outcome__in=outcomes_named(chosen.outcome))
    if chosen.text:
        rows = rows.filter(error_message__icontains=chosen.text) | rows.filter(
            error_type__icontains=chosen.text
        )
    return rows


def outcomes_named(name: str) -> list[str]:
    """The outcomes that a filter's word stands for."""
    if name == ERRORS:
        return sorted(FUNCTION_FAULTS)
    if name == FAILED:
        return sorted(set(Outcome) - {Outcome.SUCCESS, Outcome.THROTTLED})
    return [name]


def by_request_id(*, project_id: UUID, request_id: UUID) -> list[Invocation]:
    """Every attempt under a request id, first one first, with log and payload; empty when none is stored."""
    rows = Invocation.objects.filter(project_id=project_id, request_id=request_id)
    return list(rows.select_related("log", "payload").order_by("started_at", "id"))


def event_of(*, project_id: UUID, request_id: UUID) -> Event | None:
    """The asynchronous event behind a request id, if there is one."""
    return Event.objects.filter(project_id=project_id, id=request_id).first()


def versions_seen(*, project_id: UUID, function_id: UUID, limit: int = 50) -> list[str]:
    """The versions that the newest invocations of a function ran, for a filter's choices."""
    newest = Invocation.objects.filter(project_id=project_id, function_id=function_id).order_by(*ORDER)
    names = set(newest.values_list("version", flat=True)[:1000])
    return sorted(names - {""}, key=lambda name: (len(name), name), reverse=True)[:limit]
