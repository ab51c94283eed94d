"""What the prewarmed supply may take of the machine: it counts in the sandboxes' budget, takes no more than a share
of it beyond what is always kept, and nothing while the machine itself is short of memory. Knows no kinds."""

from __future__ import annotations

import time
from collections.abc import Callable

from runner.gateway.fleet import Fleet
from runner.gateway.room import read_machine_memory

SHARE = 0.1  # of the budget, for what is kept ready because of demand
KEPT_FREE = 0.05  # of the machine, which prewarming never touches
IDLE_FOR_S = 60.0  # so long nobody has called a sandbox that ends for the supply
BELIEVED_S = 1.0  # how long a reading of the machine's memory is used


class SupplyRoom:
    """Implements runner.sandbox.shelf.Memory. `machine` gives total and available MB."""

    def __init__(
        self,
        fleet: Fleet,
        machine: Callable[[], tuple[int, int]] = read_machine_memory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._machine = machine
        self._clock = clock
        self._read = machine()
        self._read_at = clock()
        self.taken_mb = 0

    def may_add(self, memory_mb: int, *, needed: bool) -> bool:
        """See Memory. For a needed one, sandboxes that have long been idle are ended if the budget is used up."""
        total, available = self._machine_memory()
        if self._fleet.wants_room or available - memory_mb < total * KEPT_FREE:
            return False
        missing = self._fleet.room.missing(memory_mb)
        if missing > 0 and needed:
            self._fleet.end_idle(missing, idle_for_s=IDLE_FOR_S)
        if missing > 0:
            return False
        return needed or self.taken_mb + memory_mb <= self._fleet.room.limit_mb * SHARE

    def take(self, memory_mb: int) -> None:
        """One waits."""
        self.taken_mb += memory_mb
        self._fleet.room.take(memory_mb)

    def free(self, memory_mb: int) -> None:
        """One waits no more: who waits for room gets it."""
        self.taken_mb -= memory_mb
        self._fleet.freed(memory_mb)

    def _machine_memory(self) -> tuple[int, int]:
        now = self._clock()
        if now - self._read_at > BELIEVED_S:
            self._read, self._read_at = self._machine(), now
        return self._read
