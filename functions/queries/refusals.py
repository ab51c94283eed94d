"""Reads of refused requests: newest first, by function and error. Telemetry only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from functions.models import Refusal
from functions.queries.pages import Page, count_up_to_limit, keyset_page

_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class RefusalFilter:
    """What to look for; empty fields do not restrict."""

    function_name: str = ""
    error_type: str = ""
    request_id: UUID | None = None


def refusals(*, project_id: UUID, chosen: RefusalFilter, marker: str = "", size: int = 50) -> Page[Refusal]:
    """A page, newest first; raises InvalidParameterValue for a marker of another list."""
    return keyset_page(_matching(project_id, chosen), order=("-id",), marker=marker, size=size)


def refusal(*, project_id: UUID, request_id: UUID) -> Refusal | None:
    """The one that answered with that request id."""
    return Refusal.objects.filter(project_id=project_id, id=request_id).first()


def error_types(*, project_id: UUID) -> list[str]:
    """Which errors the newest refusals have, for a filter."""
    newest = Refusal.objects.filter(project_id=project_id).order_by("-id")
    return sorted(set(newest.values_list("error_type", flat=True)[:_LOOKED_AT]))


def refused_since(*, project_id: UUID, function_name: str, since: datetime) -> int:
    """How many requests for a function were refused since then, at most COUNT_LIMIT."""
    rows = Refusal.objects.filter(project_id=project_id, function_name=function_name, at__gte=since)
    return count_up_to_limit(rows)


def _matching(project_id: UUID, chosen: RefusalFilter) -> QuerySet[Refusal]:
    rows = Refusal.objects.filter(project_id=project_id)
    exact = {"function_name": chosen.function_name, "error_type": chosen.error_type, "id": chosen.request_id}
    return rows.filter(**{name: value for name, value in exact.items() if value})
