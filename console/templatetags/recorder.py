"""The note on pages of numbers and logs that they are behind."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.recorder_notes import note
from functions.queries.recorder import standing

register = template.Library()


@register.simple_tag
def recorder_note() -> SafeString | str:
    """A warning, or nothing while all is well."""
    text = note(standing(), timezone.now())
    return format_html('<div class="alert alert-warning" role="status">{}</div>', text) if text else ""
