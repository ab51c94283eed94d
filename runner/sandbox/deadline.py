"""The deadline of the call that runs in a sandbox. A timer is not set and cancelled per call: one that rings too
early looks at the present deadline and waits on. Knows nothing but the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_CLOSE_ENOUGH_S = 0.001


class Deadline:
    """Calls `expired` once the deadline that was set last has passed, unless it was met before."""

    def __init__(self, expired: Callable[[], None]) -> None:
        self._expired = expired
        self._at = 0.0
        self._rings_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, now: float, after_s: float) -> None:
        """The call that begins `now` (on the monotonic clock) has so many seconds."""
        self._at = at = now + after_s
        if self._timer is None or at < self._rings_at:
            self._wait(after_s, at)

    def met(self) -> None:
        """The call has ended in time."""
        self._at = 0.0

    def stop(self) -> None:
        """No call comes any more."""
        self._at = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, after_s: float, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = at
        self._timer = asyncio.get_running_loop().call_later(after_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if not self._at:
            return
        left = self._at - time.monotonic()
        if left > _CLOSE_ENOUGH_S:
            self._wait(left, self._at)
        else:
            self._at = 0.0
            self._expired()
