"""Reads of the audit log: who did what to what, newest first."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from functions.models import AuditEntry
from functions.queries.pages import Page, keyset_page

ORDER = ("-at", "-id")


def entries(
    *, project_id: UUID, text: str = "", action: str = "", marker: str = "", size: int = 50
) -> Page[AuditEntry]:
    """A page of entries; `text` is part of who acted, or of the name of what was acted on."""
    rows = AuditEntry.objects.filter(project_id=project_id)
    if action:
        rows = rows.filter(action=action)
    if text:
        rows = rows.filter(Q(principal_name__icontains=text) | Q(target_name__icontains=text))
    return keyset_page(rows, order=ORDER, marker=marker, size=size)


def actions(*, project_id: UUID) -> list[str]:
    """The actions that the newest entries tell of, for a filter's choices."""
    newest = AuditEntry.objects.filter(project_id=project_id).order_by(*ORDER)
    return sorted(set(newest.values_list("action", flat=True)[:2000]))
