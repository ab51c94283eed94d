"""Addresses of a project's pages, as tests write them."""

from __future__ import annotations

from django.urls import reverse


def address(name, project, *args, **query):
    text = "&".join(f"{key}={value}" for key, value in query.items())
    return reverse(name, args=[project.account, *args]) + (f"?{text}" if text else "")
