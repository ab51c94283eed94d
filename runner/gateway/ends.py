"""Which sandboxes ended lately and why, and how much memory is on its way to be freed. Plain state."""

from __future__ import annotations

from collections import deque

from functions.states import EndReason
from runner.client import EndView
from runner.gateway.invocation import now_us

REMEMBERED = 100


class Ends:
    """The last hundred ends, newest first. `leaving_mb` belongs to sandboxes being removed."""

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
