"""How many events of one function are under way at once: fewer when it is throttled, one more for each that
got through, so that a function with a small limit is not hammered and no function crowds out the others. Pure."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

MOST = 100
ROOMS_AT_ONCE = 20


class Pace:
    """Counts deliveries under way by function. A function is slowed while its limit is below `most`, or while
    it has that many under way."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._limits: dict[UUID, int] = {}
        self._under_way: Counter[UUID] = Counter()

    def started(self, function_id: UUID) -> None:
        """A delivery began."""
        self._under_way[function_id] += 1

    def ended(self, function_id: UUID, *, throttled: bool) -> None:
        """A delivery ended."""
        self._under_way[function_id] -= 1
        limit = self._limits.get(function_id, self._most)
        if throttled:
            self._limits[function_id] = max(1, min(limit // 2, self._under_way[function_id]))
        elif limit + 1 < self._most:
            self._limits[function_id] = limit + 1
        else:
            self._limits.pop(function_id, None)

    def slowed(self) -> set[UUID]:
        """Functions whose events are not claimed along with all others."""
        full = {key for key, count in self._under_way.items() if count >= self._most}
        return full | self._limits.keys()

    def rooms(self) -> list[tuple[UUID, int]]:
        """How many more events some of the functions with a limit may have."""
        rooms = ((key, limit - self._under_way[key]) for key, limit in self._limits.items())
        return [(key, room) for key, room in rooms if room > 0][:ROOMS_AT_ONCE]
