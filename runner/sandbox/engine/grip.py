"""The host's grip on a running container: its first process by pidfd, its control group, its memory kills.
Once the container has ended every question still has an answer. Knows no engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

from runner.sandbox.kernel.cgroups import Cgroup, CgroupError, OomWatch, belongs_to, find_cgroup


class Grip:
    """Made right after the start. The control group's files vanish with the container, and without privilege
    they cannot be written: both are passed over here, since freezing and peaks are best effort."""

    def __init__(self, pid: int, container_id: str) -> None:
        """Take the pidfd first: afterwards the pid cannot come to mean another process unnoticed. Raises
        OSError or CgroupError when the process has ended already."""
        if pid == 0:
            raise CgroupError("its first process ended at once")
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        try:
            if not belongs_to(pid, container_id):
                raise CgroupError("its first process ended at once")
            self.cgroup: Cgroup = find_cgroup(pid)
            self.oom: OomWatch = self.cgroup.watch_oom()
        except (OSError, CgroupError):
            os.close(self.pidfd)
            raise
        self._oom_killed = False
        self._closed = False

    def freeze(self) -> None:
        """Stop all tasks."""
        _attempt(self.cgroup.freeze)

    def thaw(self) -> None:
        """Let them run again."""
        _attempt(self.cgroup.thaw)

    def reset_peak(self) -> None:
        """Forget the memory peak."""
        _attempt(self.cgroup.reset_peak)

    def peak(self) -> int:
        """Bytes at the peak since reset, less file cache; 0 when it has ended."""
        try:
            return self.cgroup.peak()
        except OSError:
            return 0

    def usage(self) -> int:
        """Bytes in use now, less file cache; 0 when it has ended."""
        try:
            return self.cgroup.usage()
        except OSError:
            return 0

    def check_oom(self) -> bool:
        """Whether the kernel has killed a process of it for memory; the last answer stays."""
        if not self._closed:
            self._oom_killed = self.oom.check()
        return self._oom_killed

    def forget_oom(self) -> None:
        """Count anew, at bind."""
        self.oom.forget()

    def kill(self) -> None:
        """Kill all its processes with the first. A frozen one ignores that until it is thawed."""
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        self.thaw()

    def close(self) -> None:
        """Free the descriptors; idempotent."""
        if not self._closed:
            self.check_oom()
            self._closed = True
            self.oom.close()
            self.cgroup.close()
            os.close(self.pidfd)


def _attempt(change: Callable[[], None]) -> None:
    with suppress(OSError):
        change()
