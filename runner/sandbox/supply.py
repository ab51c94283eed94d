"""How many prewarmed sandboxes of a kind should wait: by what was asked for lately, within what was configured.
Pure; what the machine has free is asked of others."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """How much waits ready: `prewarm` of each kind in use, and up to `most` while demand asks for it. `parallel` are
    made at once: creating them takes the processors from the calls that run, and more at once are not made sooner.
    `keep_s` is how long a kind that nobody uses stays prewarmed; `refill_after_s` lets the call that took one have
    the processors first, since making the next one needs them for a tenth of a second."""

    prewarm: int = 2
    most: int = 10
    parallel: int = max(2, len(os.sched_getaffinity(0)))
    keep_s: float = 1800.0
    refill_after_s: float = 0.05
    retry_s: float = 1.0
    slowest_retry_s: float = 15.0

    def least(self, *, permanent: bool, idle_s: float) -> int:
        """How many of a kind wait whatever was asked for: the usual number while it is in use."""
        return self.prewarm if permanent or idle_s < self.keep_s else 0

    def wanted(self, least: int, peak: int) -> int:
        """How many of a kind should wait, when `peak` were asked for within seconds lately."""
        return max(least, min(self.most, peak)) if least else 0

    def pause(self, failures: int) -> float:
        """Seconds until the engine is tried again after so many failures in a row."""
        return min(self.slowest_retry_s, self.retry_s * 2 ** min(failures - 1, 10)) if failures else 0.0


class Demand:
    """How many of a kind were asked for within `within_s` seconds at the most, over the last `remember_s`. Times are
    seconds of any one clock."""

    def __init__(self, within_s: float = 10.0, remember_s: float = 900.0) -> None:
        self._within_s = within_s
        self._remember_s = remember_s
        self._asked: deque[float] = deque()
        self._peaks: deque[tuple[float, int]] = deque()  # each lower than the one before it

    def note(self, now: float) -> None:
        """One more was asked for."""
        self._asked.append(now)
        while self._asked[0] <= now - self._within_s:
            self._asked.popleft()
        count = len(self._asked)
        while self._peaks and self._peaks[-1][1] <= count:
            self._peaks.pop()
        self._peaks.append((now, count))

    def peak(self, now: float) -> int:
        """The most within one such span; 0 when none was asked for."""
        while self._peaks and self._peaks[0][0] <= now - self._remember_s:
            self._peaks.popleft()
        return self._peaks[0][1] if self._peaks else 0
