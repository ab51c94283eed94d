"""A process steps back behind the others: what it does may wait, what they do is waited for. Knows no names."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_GROUP = Path("/proc/self/autogroup")


def step_back(by: int) -> None:
    """Take so many steps of niceness, 1 to 19. Where the kernel groups processes by session (sched(7), "The autogroup
    feature"), a process's own niceness counts among those of its session only: then its session, if it leads
    one, steps back as well."""
    niceness = os.nice(by)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            _GROUP.write_text(str(niceness))
