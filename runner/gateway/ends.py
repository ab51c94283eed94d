"""Which sandboxes ended lately and why, how much memory is on its way to be freed, and how one is taken off the
machine. Knows no calls."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Coroutine

from functions.states import EndReason
from runner.client import EndView
from runner.gateway.invocation import now_us
from runner.gateway.lanes import Sandbox

REMEMBERED = 100
log = logging.getLogger("functory.fleet")


class Ends:
    """The last hundred ends, newest first. `leaving_mb` belongs to sandboxes that are being killed."""

    def __init__(self) -> None:
        self._recent: deque[EndView] = deque(maxlen=REMEMBERED)
        self.leaving_mb = 0

    def note(self, sandbox_id: str, function_name: str, reason: EndReason, detail: str = "") -> None:
        """One ends."""
        view = EndView(
            id=sandbox_id, function_name=function_name, reason=reason.value, at_us=now_us(), detail=detail
        )
        self._recent.appendleft(view)

    def recent(self) -> list[EndView]:
        """Newest first."""
        return list(self._recent)

    def remove(
        self, sandbox: Sandbox, memory_mb: int, reason: EndReason, freed: Callable[[int], None]
    ) -> Coroutine[None, None, None]:
        """Count its memory as leaving, and the work to be done: its memory is free once its processes are dead; the
        engine takes ten times as long over the rest, and nobody has to wait for that."""
        self.leaving_mb += memory_mb
        return self._remove(sandbox, memory_mb, reason, freed)

    async def _remove(
        self, sandbox: Sandbox, memory_mb: int, reason: EndReason, freed: Callable[[int], None]
    ) -> None:
        is_dead = await _carried_out(sandbox.kill(reason), f"sandbox {sandbox.id} could not be killed")
        if not is_dead:
            await _carried_out(sandbox.end(reason), f"sandbox {sandbox.id} could not be removed")
        self.leaving_mb -= memory_mb
        freed(memory_mb)
        if is_dead:
            await _carried_out(sandbox.end(reason), f"sandbox {sandbox.id} could not be removed")


async def _carried_out(work: Coroutine[None, None, None], otherwise: str) -> bool:
    """Whether it went well; if not, that is logged."""
    try:
        await work
    except Exception:
        log.exception(otherwise)
        return False
    return True
