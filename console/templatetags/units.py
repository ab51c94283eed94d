"""Filters that print numbers in the unit that reads: durations, sizes, money."""

from __future__ import annotations

from django import template

register = template.Library()
