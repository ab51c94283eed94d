"""What processes use: processor time, memory, descriptors, threads. Reads /proc only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
KB = 1024


def cpu_s(pid: int) -> float:
    """Seconds of processor time of all threads that live."""
    spent = 0
    for task in (PROC / str(pid) / "task").iterdir():
        with contextlib.suppress(OSError):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def pss_mb(pid: int) -> float:
    """Proportional set size: shared pages count by their share."""
    return _field(PROC / str(pid) / "smaps_rollup", "Pss:") * KB / 1e6


def rss_mb(pid: int) -> float:
    """Resident memory."""
    return _field(PROC / str(pid) / "status", "VmRSS:") * KB / 1e6


def descriptors(pid: int) -> int:
    """How many are open."""
    return len(list((PROC / str(pid) / "fd").iterdir()))


def threads(pid: int) -> int:
    """How many there are."""
    return len(list((PROC / str(pid) / "task").iterdir()))


def processes() -> int:
    """How many processes this machine has."""
    return sum(1 for entry in PROC.iterdir() if entry.name.isdigit())


def below(pid: int) -> Iterator[tuple[int, str]]:
    """Every descendant with its command line."""
    with contextlib.suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                with contextlib.suppress(OSError):
                    words = (
                        (PROC / child / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    )
                    yield int(child), words
                    yield from below(int(child))


def inside(container_pid: int) -> list[int]:
    """The first process of a container and all below it."""
    return [container_pid, *(pid for pid, _ in below(container_pid))]


def _field(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
