"""Commands that a page stands for, where the page needs nothing but its address to know them."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from console.snippets import aws
from functions.models import Function

register = template.Library()


@register.simple_tag
def aws_command(*words: object) -> str:
    """An `aws` command against this installation."""
    return aws(settings.FUNCTORY, *(str(word) for word in words))


@register.simple_tag(takes_context=True)
def in_region(context: dict[str, Any], command: str) -> str:
    """A command, line by line, with the region of the page's function where that is not the installation's."""
    function = context.get("function")
    if not isinstance(function, Function) or not function.is_abroad:
        return command
    return "\n".join(f"{line} --region {function.region}" for line in command.splitlines())
