"""What people are told when numbers and logs are not up to date, from what the recorder says of itself. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from functions.queries.recorder import Standing

WORTH_A_WORD = timedelta(seconds=30)


def note(said: Standing | None, now: datetime) -> str:
    """One sentence or two; "" while all is well, or before the first recorder has run."""
    if said is None:
        return ""
    late = _age(said.behind(now))
    if said.is_silent(now):
        return f"The recorder has not run for {_age(now - said.said)}: newer calls are kept and will appear later."
    if said.trouble:
        return f"Calls cannot be stored now ({said.trouble}). They are kept; numbers and logs end {late} ago."
    if said.behind(now) > WORTH_A_WORD:
        return f"Numbers and logs are {late} behind: many calls are being stored."
    return ""


def _age(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
