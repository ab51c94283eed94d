"""Filters and tags that every template has: numbers in the unit that reads, money, times, icons. Pure but for
the address of the icon sprite; wording of outcomes and errors is elsewhere. What is digits and units only says that
it is safe: to escape a number takes longer than to write it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.apps import apps
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.terms import TERMS, Term

register = template.Library()
NOTHING = SafeString("–")
PICO = Decimal(10) ** 12
_KINDS = {"functionurl": "function URL", "iamrole": "IAM role", "iampolicy": "IAM policy"}


@register.filter
def number(value: Any) -> SafeString:
    """A whole number with thousands separators; a dash for None."""
    return NOTHING if value is None or value == "" else SafeString(f"{int(value):,}")


@register.filter
def quantity(value: Any) -> SafeString:
    """A number with its decimals as far as they say something: 0.0042, 0.7, 12, 1,234; a dash for None."""
    if value is None or value == "":
        return NOTHING
    amount = Decimal(str(value))
    if amount == 0 or abs(amount) >= 10:
        return SafeString(f"{amount:,.0f}")
    text = f"{amount.quantize(Decimal(1).scaleb(min(0, amount.adjusted() - 1)), ROUND_HALF_EVEN):f}"
    return SafeString(text.rstrip("0").rstrip(".") if "." in text else text)


@register.filter
def duration(value: Any) -> SafeString:
    """Microseconds as 812 µs, 24 ms, 1.3 s, 2 min 5 s; a dash for None."""
    if value is None or value == "":
        return NOTHING
    us = float(value)
    if us < 1000:
        return SafeString(f"{us:.0f} µs")
    if us < 999_500:
        return SafeString(f"{_short(us / 1000)} ms")
    if us < 59_950_000:
        return SafeString(f"{_short(us / 1_000_000)} s")
    return SafeString(span(us / 1_000_000))


def span(seconds: float) -> str:
    """Seconds in the two largest units, as 2 min 5 s or 3 d 4 h."""
    whole = max(0, round(seconds))
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            parts.append((size, f"{count} {unit}"))
    kept = [text for size, text in parts[:2] if not parts or size * 3600 >= parts[0][0]]
    return " ".join(kept) or "0 s"


@register.filter
def size(value: Any) -> SafeString:
    """Bytes as 512 B, 1.2 KB, 40 MB, in units of 1,024 as AWS has them; a dash for None. js/units.js is the same."""
    if value is None or value == "":
        return NOTHING
    amount = float(value)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return SafeString(f"{_short(amount)} {unit}" if unit != "B" else f"{amount:.0f} B")
        amount /= 1024
    return SafeString(f"{_short(amount)} GB")


@register.filter
def megabytes(value: Any) -> str:
    """MB as 512 MB or 7.6 GB; a dash for None."""
    return NOTHING if value is None or value == "" else size(float(value) * 1024 * 1024)


@register.filter
def percent(value: Any) -> str:
    """A fraction as 12 %, 0.3 %; a dash for None."""
    if value is None or value == "":
        return NOTHING
    amount = float(value) * 100
    if amount == 0 or amount >= 10:
        return f"{amount:.0f} %"
    return f"{_short(amount)} %" if amount >= 0.1 else "< 0.1 %"


@register.filter
def usd(value: Any) -> SafeString:
    """Pico-dollars as dollars: two decimals from a dollar up, otherwise as many as two digits need."""
    if value is None or value == "":
        return NOTHING
    amount = Decimal(int(value)) / PICO
    if amount == 0:
        return SafeString("$0")
    if abs(amount) >= 1:
        return SafeString(f"${amount:,.2f}")
    places = max(2, 1 - amount.adjusted())
    text = f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):f}"
    return SafeString(f"${text.rstrip('0') if len(text.rstrip('0').partition('.')[2]) > 2 else text[:4]}")


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time element: UTC for those without script, the reader's zone otherwise (js/console.js)."""
    if value is None:
        return NOTHING
    at = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC" data-local>{} UTC</time>',
        at.isoformat().replace("+00:00", "Z"),
        at.strftime("%Y-%m-%d %H:%M:%S"),
        at.strftime("%b %-d, %H:%M:%S"),
    )


@register.filter
def in_zone(value: datetime, zone: str) -> str:
    """A moment on the clock of an IANA zone, with the weekday and the zone's abbreviation."""
    return value.astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %Z")


@register.filter
def ago(value: Any) -> SafeString:
    """How long ago a time (or a number of Unix microseconds) was: 3 min, 2 h, 5 d."""
    if value is None or value == "":
        return NOTHING
    at = value if isinstance(value, datetime) else datetime.fromtimestamp(int(value) / 1e6, UTC)
    seconds = max(0, round((timezone.now() - at).total_seconds()))
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return SafeString(f"{seconds // length} {unit}")
    return SafeString(f"{seconds} s")


@register.filter
def kind_words(name: str) -> str:
    """What people call a kind of row that the audit log names, as `accesskey`: access key."""
    if name in _KINDS:
        return _KINDS[name]
    try:
        return str(apps.get_model("functions", name)._meta.verbose_name)
    except LookupError:  # an entry outlives the kind of its target
        return name


@register.filter
def pretty_json(value: Any) -> str:
    """Plain JSON types, indented."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def ticks(text: str) -> SafeString:
    """Text whose `parts in backticks` are code; everything is escaped."""
    pieces = str(text).split("`")
    if len(pieces) % 2 == 0:
        return format_html("{}", text)
    marked = [
        format_html("<code>{}</code>" if place % 2 else "{}", piece) for place, piece in enumerate(pieces)
    ]
    return format_html("{}" * len(marked), *marked)


@register.filter
def field(values: Any, name: Any) -> Any:
    """The value under a name of a mapping, "" if there is none."""
    return values.get(name, "") if values else ""


@register.filter
def term(key: str) -> Term:
    """The explanation of a term of art; raises KeyError."""
    return TERMS[key]


@register.simple_tag
@cache  # pages have dozens of the same few
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of the sprite, for the eye only: its neighbour or an aria-label says what it means."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], *sections: str) -> SafeString:
    """What a navigation link carries when it is the section of this page."""
    current = context.get("section", "")
    return format_html(' aria-current="{}"', "page") if current in sections else SafeString("")


def _short(amount: float) -> str:
    """Two digits at least, no decimals that say nothing."""
    if amount >= 10:
        return f"{amount:.0f}"
    return f"{amount:.1f}".removesuffix(".0")
