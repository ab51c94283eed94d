"""Control group version 2: one directory for all controllers. The kernel's
Documentation/admin-guide/cgroup-v2.rst says what each file means."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path

from runner.sandbox.kernel.flat_files import ControlFile, file_cache, parse_numbers, read_number, write


class CgroupV2:
    """A control group by its directory. The peak's descriptor must stay open, since a reset holds only for
    reads through the descriptor that it was written to (Linux 6.12)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._state = ControlFile(directory / "cgroup.freeze", os.O_WRONLY)
        self._peak = ControlFile(directory / "memory.peak", os.O_RDWR)
        self._stat = ControlFile(directory / "memory.stat", os.O_RDONLY)
        self._peak_counts = False
        self._seen = (-1, 0)

    def limit_memory(self, limit_bytes: int) -> None:
        """No swap at all, then the limit."""
        with suppress(FileNotFoundError):
            write(self.directory / "memory.swap.max", "0")
        write(self.directory / "memory.max", str(limit_bytes))

    def memory_limit(self) -> int:
        """memory.max; -1 for none."""
        text = (self.directory / "memory.max").read_text().strip()
        return int(text) if text.isdecimal() else -1

    def share_cpu(self, shares: int) -> None:
        """The engines' own conversion of 2..262,144 shares to a weight of 1..10,000."""
        write(self.directory / "cpu.weight", str(1 + ((shares - 2) * 9999) // 262142))

    def freeze(self) -> None:
        """Stop all tasks."""
        self._state.write(b"1")

    def thaw(self) -> None:
        """Undo freeze."""
        self._state.write(b"0")

    def reset_peak(self) -> None:
        """On a kernel before 6.12 the file is missing or read-only; then no peak counts."""
        try:
            self._peak.write(b"reset")
        except OSError:
            self._peak_counts = False
        else:
            self._peak_counts = True

    def peak(self) -> int:
        """Peak less present file cache; what is used now where the peak cannot be reset. memory.stat is read when
        the peak has moved."""
        if not self._peak_counts:
            return self.usage()
        peak, (seen, cache) = self._peak.number(), self._seen
        if peak != seen:
            cache = file_cache(self._stat.read())
            self._seen = (peak, cache)
        return max(0, peak - cache)

    def usage(self) -> int:
        """Bytes in use now, less file cache."""
        return max(0, read_number(self.directory / "memory.current") - file_cache(self._stat.read()))

    def watch_oom(self) -> OomWatchV2:
        """A watch of memory.events."""
        return OomWatchV2(self.directory)

    def close(self) -> None:
        """Free what is held open."""
        for kept in (self._state, self._peak, self._stat):
            kept.close()


class OomWatchV2:
    """The counter oom_kill of memory.events; the kernel wakes pollers of the file when it changes."""

    def __init__(self, directory: Path) -> None:
        self._events = os.open(directory / "memory.events", os.O_RDONLY | os.O_CLOEXEC)
        self._poll = select.epoll()
        # Plain files, as in tests, cannot be polled.
        with suppress(PermissionError):
            self._poll.register(self._events, select.EPOLLPRI)
        self._count = self._start = 0
        self.check()
        self._start = self._count

    def fileno(self) -> int:
        """An epoll descriptor, since asyncio itself cannot wait for a priority event."""
        return self._poll.fileno()

    def check(self) -> bool:
        """Reading the file also rearms the poll. A removed group keeps the last answer."""
        with suppress(OSError):
            text = os.pread(self._events, 4096, 0).decode()
            self._count = parse_numbers(text).get("oom_kill", self._count)
        return self._count > self._start

    def forget(self) -> None:
        """Start anew."""
        self.check()
        self._start = self._count

    def close(self) -> None:
        """Free both descriptors."""
        self._poll.close()
        if self._events >= 0:
            os.close(self._events)
        self._events = -1
