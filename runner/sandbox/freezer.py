"""Freezes a sandbox that has been idle for a moment. One timer at a time, however many calls come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Freezer:
    """Calls `freeze` once nothing was used for `after_s` seconds."""

    def __init__(self, after_s: float, freeze: Callable[[], None]) -> None:
        self._after_s = after_s
        self._freeze = freeze
        self._used = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def used(self, now: float) -> None:
        """It was used `now`, on the monotonic clock. A timer that runs already looks again when it rings."""
        self._used = now
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._after_s, self._ring)

    def stop(self) -> None:
        """Never again."""
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        left = self._after_s - (time.monotonic() - self._used)
        if left > 0.001:
            self._timer = asyncio.get_running_loop().call_later(left, self._ring)
        else:
            self._freeze()
