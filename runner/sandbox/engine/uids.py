"""Which user each sandbox runs as: its own, never root, not reused while in use."""

from __future__ import annotations

from runner.sandbox.driver import DriverError

FIRST_UID, UIDS = 60000, 1000


class Uids:
    """Hands out uids in turn, so that one is reused as late as possible. Who is not root can give files to
    nobody else, so then every sandbox runs as this process's own user."""

    def __init__(self, first: int = FIRST_UID, count: int = UIDS, *, own: int = 0) -> None:
        self._first, self._count, self._own = first, count, own
        self._next = 0
        self._used: set[int] = set()

    def take(self) -> int:
        """A free uid; raises DriverError when all are in use."""
        if self._own:
            return self._own
        for step in range(self._count):
            uid = self._first + (self._next + step) % self._count
            if uid not in self._used:
                self._next = uid - self._first + 1
                self._used.add(uid)
                return uid
        raise DriverError(f"All {self._count} sandbox users are in use")

    def give_back(self, uid: int) -> None:
        """Free it; unknown ones are ignored."""
        self._used.discard(uid)
