"""The header above a function's tabs, read where it is printed: every tab has it, whoever made the page."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from console.addresses import url_address
from functions.models import Function, FunctionUrl
from functions.queries import functions
from functions.queries.access import live_functions
from functions.queries.functions import FunctionHeader

register = template.Library()
MOST_NAMES = 200


@register.simple_tag
def header_of(function: Function) -> FunctionHeader:
    """The facts."""
    return functions.header(function=function)


@register.simple_tag(takes_context=True)
def function_names(context: dict[str, Any]) -> SafeString:
    """A datalist of the project's functions, for a field with list="function-names"; past MOST_NAMES one types."""
    rows = live_functions(context["project"].pk).order_by("name").only("name", "region")
    options = format_html_join(
        "", '<option value="{}"></option>', ((one.address,) for one in rows[:MOST_NAMES])
    )
    return format_html('<datalist id="function-names">{}</datalist>', options)


@register.simple_tag(takes_context=True)
def tab(context: dict[str, Any], label: str, name: str, *also: str) -> SafeString:
    """A tab of a function: current on its own address, below it, and on those named in `also`."""
    function: Function = context["function"]
    href = reverse(name, args=[context["project"].account, function.address])
    path: str = context["request"].path
    base, _, last = href.rpartition("/")
    words = {last, *also}
    if path.removeprefix(f"{base}/").split("/")[0] in words and path.startswith(f"{base}/"):
        return format_html('<a class="nav-link active" aria-current="page" href="{}">{}</a>', href, label)
    return format_html('<a class="nav-link" href="{}">{}</a>', href, label)


@register.filter
def address(url: FunctionUrl) -> str:
    """Where a function URL is reached."""
    return url_address(settings.FUNCTORY, url.url_id)


@register.filter
def split_words(split: tuple[tuple[int, float], ...]) -> str:
    """ "Version 7 serves all calls", "Version 7 serves 90 %, version 8 serves 10 %"."""
    if len(split) == 1:
        return f"Version {split[0][0]} serves all calls"
    shares = ", ".join(f"version {number} serves {share * 100:.0f} %" for number, share in split)
    return shares[:1].upper() + shares[1:]
