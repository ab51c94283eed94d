"""What every template may use."""

from __future__ import annotations

from django.http import HttpRequest


def page(_request: HttpRequest) -> dict[str, object]:
    """Variables of the page frame."""
    return {}
