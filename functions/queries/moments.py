"""Moments of many rows: Django's own conversion of each takes longer than to read the row."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import TextField
from django.db.models.functions import Cast


def as_text(column: str) -> Cast:
    """A column of moments, as its database writes them."""
    return Cast(column, TextField())


def read_moment(text: str) -> datetime:
    """Such a moment. Both databases write UTC, one with the zone and one without."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
