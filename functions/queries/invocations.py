"""Reads of finished invocations: lists by function or project, one by its request id. Telemetry only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from functions.models import Event, Invocation
from functions.queries.pages import Page, keyset_page, read_marker
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
    if marker:  # one bound in time, not two: SQLite would start at the wider one
        chosen = _before(chosen, read_marker(marker, len(ORDER))[0])
    return keyset_page(matching(project_id=project_id, chosen=chosen), order=ORDER, marker=marker, size=size)


def _before(chosen: InvocationFilter, moment: object) -> InvocationFilter:
    """The same filter from there on back."""
    if not isinstance(moment, datetime) or (chosen.end is not None and moment >= chosen.end):
        return chosen
    return replace(chosen, end=moment + timedelta(microseconds=1))


def matching(*, project_id: UUID, chosen: InvocationFilter) -> QuerySet[Invocation]:
    """The rows of a filter, in no order."""
    # Never by project and function at once: SQLite would take the project's index.
    of = {"function_id": chosen.function_id} if chosen.function_id else {"project_id": project_id}
    rows = Invocation.objects.filter(**of)
    exact = {
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
    if chosen.text:  # what succeeded has no error to look into
        failures = sorted(set(Outcome) - {Outcome.SUCCESS})
        rows = rows.filter(outcome__in=failures) if not chosen.outcome else rows
        said = Q(error_message__icontains=chosen.text) | Q(error_type__icontains=chosen.text)
        # Found before they are put in order: SQLite would walk through all calls for the order's sake.
        rows = Invocation.objects.filter(pk__in=rows.filter(said).values("pk"))
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
    # By the request id alone: with project and order SQLite would walk through the project's calls.
    found = Invocation.objects.filter(request_id=request_id).select_related("log", "payload")
    own = (row for row in found if row.project_id == project_id)
    return sorted(own, key=lambda row: (row.started_at, row.id))


def event_of(*, project_id: UUID, request_id: UUID) -> Event | None:
    """The asynchronous event behind a request id, if there is one."""
    return Event.objects.filter(project_id=project_id, id=request_id).first()


def versions_seen(*, project_id: UUID, function_id: UUID, limit: int = 50) -> list[str]:
    """The versions that the newest invocations of a function ran, for a filter's choices."""
    newest = Invocation.objects.filter(project_id=project_id, function_id=function_id).order_by(*ORDER)
    names = set(newest.values_list("version", flat=True)[:300])
    return sorted(names - {""}, key=lambda name: (len(name), name), reverse=True)[:limit]
