"""Keeping the console's cookies from functions, and functions' from the console: cookies ignore ports, so
both would travel to either origin (architecture 8.1). Pure."""

from __future__ import annotations

# console.settings names them; the data plane knows them by name only.
CONSOLE = ("functory_session", "functory_csrf")


def is_consoles(cookie: str) -> bool:
    """Whether a `name=value` text is, or would be sent back as, a cookie of the console. A cookie without a
    name is sent as its bare value, so `=functory_session=x` counts."""
    bare = cookie.lstrip(" \t=").lower()
    return any(bare.startswith(name) and _ends(bare[len(name) :]) for name in CONSOLE)


def _ends(rest: str) -> bool:
    return rest.lstrip(" \t")[:1] in {"", "=", ";"}


def received(header: str) -> list[str]:
    """The cookies of a Cookie header that a function may see."""
    parts = [part.strip() for part in header.split(";")]
    return [part for part in parts if part and not is_consoles(part)]


def may_set(cookie: str) -> bool:
    """Whether a function may set this cookie (the value of a Set-Cookie header)."""
    return not is_consoles(cookie.partition(";")[0])
