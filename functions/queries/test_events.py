"""Reads of saved test events."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from functions.models import Function, TestEvent


def visible_events(*, function: Function, user_id: UUID) -> list[TestEvent]:
    """The shared ones and the person's own, by name."""
    rows = TestEvent.objects.filter(Q(owner=None) | Q(owner_id=user_id), function=function)
    return list(rows.order_by("name", "owner_id"))
