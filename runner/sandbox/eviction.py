"""Which idle sandboxes make room for another one, and which have idled long enough. Pure policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Idle(Protocol):
    """A bound sandbox without a call."""

    memory_mb: int
    last_used: float


Candidate = TypeVar("Candidate", bound=Idle)


def victims(idle: Iterable[Candidate], needed_mb: int) -> list[Candidate] | None:
    """The least recently used ones that free `needed_mb` together; None when all of them would not do, since
    then nothing would be gained by ending any."""
    chosen: list[Candidate] = []
    if needed_mb <= 0:
        return chosen
    for candidate in sorted(idle, key=lambda one: one.last_used):
        chosen.append(candidate)
        needed_mb -= candidate.memory_mb
        if needed_mb <= 0:
            return chosen
    return None


def expired(idle: Iterable[Candidate], now: float, time_to_live_s: float) -> list[Candidate]:
    """Those that were last used longer ago than their time to live."""
    return [one for one in idle if now - one.last_used > time_to_live_s]
