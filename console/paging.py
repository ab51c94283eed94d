"""Addresses of further rows. Pure but for the request's own address."""

from __future__ import annotations

from django.http import HttpRequest


def next_address(request: HttpRequest, marker: str) -> str:
    """This page's address with a marker in it, "" when there is no further row."""
    if not marker:
        return ""
    query = request.GET.copy()
    query["marker"] = marker
    query.pop("part", None)
    return f"{request.path}?{query.urlencode()}"
