"""Control group version 1: one directory per controller. What each file means: the kernel's
Documentation/admin-guide/cgroup-v1."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from runner.sandbox.kernel.flat_files import ControlFile, file_cache, parse_numbers, read_number, write


class CgroupV1:
    """A control group by the directories of its memory, cpu and freezer controllers."""

    def __init__(self, memory: Path, cpu: Path, freezer: Path) -> None:
        self.memory, self.cpu = memory, cpu
        self._state = ControlFile(freezer / "freezer.state", os.O_WRONLY)
        self._peak = ControlFile(memory / "memory.max_usage_in_bytes", os.O_RDONLY)
        self._stat = ControlFile(memory / "memory.stat", os.O_RDONLY)
        self._forget = ControlFile(memory / "memory.max_usage_in_bytes", os.O_WRONLY)
        self._seen = (-1, 0)

    def limit_memory(self, limit_bytes: int) -> None:
        """The kernel refuses memory above memory+swap at any moment, so the order depends on the direction.
        Without swap accounting there is no second file."""
        names = ["memory.memsw.limit_in_bytes", "memory.limit_in_bytes"]
        if limit_bytes < read_number(self.memory / "memory.limit_in_bytes"):
            names.reverse()
        for name in names:
            with suppress(FileNotFoundError):
                write(self.memory / name, str(limit_bytes))

    def memory_limit(self) -> int:
        """memory.limit_in_bytes."""
        return read_number(self.memory / "memory.limit_in_bytes")

    def share_cpu(self, shares: int) -> None:
        """cpu.shares as it is."""
        write(self.cpu / "cpu.shares", str(shares))

    def freeze(self) -> None:
        """Returns at once; the last tasks stop within the same scheduling tick."""
        self._state.write(b"FROZEN")

    def thaw(self) -> None:
        """Undo freeze."""
        self._state.write(b"THAWED")

    def reset_peak(self) -> None:
        """Writing 0 sets the peak to what is used now."""
        self._forget.write(b"0")

    def peak(self) -> int:
        """The peak is never below what is used now, so present file cache comes off both alike. memory.stat costs
        ten times what the peak does: it is read when the peak has moved."""
        peak, (seen, cache) = self._peak.number(), self._seen
        if peak != seen:
            cache = file_cache(self._stat.read())
            self._seen = (peak, cache)
        return max(0, peak - cache)

    def usage(self) -> int:
        """Bytes in use now, less file cache."""
        used = read_number(self.memory / "memory.usage_in_bytes")
        return max(0, used - file_cache(self._stat.read()))

    def watch_oom(self) -> OomWatchV1:
        """An eventfd on memory.oom_control."""
        return OomWatchV1(self.memory)

    def close(self) -> None:
        """Free what is held open."""
        for kept in (self._state, self._peak, self._stat, self._forget):
            kept.close()


class OomWatchV1:
    """The kernel adds one to the eventfd when it runs out of memory in the group, just before it kills, and
    one more when the group is removed. While the group is still there an event means out of memory; after
    that, only a second one does. Who may not arm the eventfd reads the group's own count of kills."""

    def __init__(self, memory: Path) -> None:
        self._events = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._control = -1
        self._seen, self._happened = 0, False
        try:
            self._control = os.open(memory / "memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
            with suppress(PermissionError):
                write(memory / "cgroup.event_control", f"{self._events} {self._control}")
        except OSError:
            self.close()
            raise
        self._start = self._kills() or 0

    def fileno(self) -> int:
        """The eventfd."""
        return self._events

    def check(self) -> bool:
        """Read the eventfd first, then whether the group is there: the other order could lie."""
        with suppress(BlockingIOError):
            self._seen += os.eventfd_read(self._events)
        kills = self._kills()
        if self._seen > 1 or (kills is not None and (self._seen or kills > self._start)):
            self._happened = True
        return self._happened

    def forget(self) -> None:
        """Start anew."""
        self.check()
        self._seen, self._happened = 0, False
        self._start = self._kills() or 0

    def close(self) -> None:
        """Free both descriptors."""
        for descriptor in (self._events, self._control):
            if descriptor >= 0:
                os.close(descriptor)
        self._events = self._control = -1

    def _kills(self) -> int | None:
        """The group's count of kills, None once it is removed."""
        try:
            text = os.pread(self._control, 256, 0).decode()
        except OSError:
            return None
        return parse_numbers(text).get("oom_kill", 0)
