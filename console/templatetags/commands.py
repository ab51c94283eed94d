"""Commands that a page stands for, where the page needs nothing but its address to know them."""

from __future__ import annotations

from django import template
from django.conf import settings

from console.snippets import aws

register = template.Library()


@register.simple_tag
def aws_command(*words: object) -> str:
    """An `aws` command against this installation."""
    return aws(settings.FUNCTORY, *(str(word) for word in words))
