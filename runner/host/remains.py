"""What a killed Docker engine leaves behind and the next one stumbles over: pid files that name other processes
by now, and a containerd without its engine. Touches nothing of an engine that runs."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_END_S = 10
_POLL_S = 0.05
_PROC = Path("/proc")


def clear_remains(pid_file: Path, exec_root: Path, proc: Path = _PROC) -> list[str]:
    """Clear away the remains; returns what was done, a sentence each."""
    notes: list[str] = []
    pid = read_pid(pid_file)
    if pid is not None and name_of(pid, proc) == "dockerd":
        return notes
    if pid is not None:
        pid_file.unlink(missing_ok=True)
        notes.append(f"Removed {pid_file}: no engine has the pid {pid}.")
    containerd_file = exec_root / "containerd" / "containerd.pid"
    pid = read_pid(containerd_file)
    if pid is not None:
        notes += _clear_containerd(pid, containerd_file, proc)
    return notes


def _clear_containerd(pid: int, pid_file: Path, proc: Path) -> Iterator[str]:
    if name_of(pid, proc) == "containerd" and str(pid_file.parent) in command_of(pid, proc):
        end(pid, proc)
        yield f"Ended the containerd (pid {pid}) that a killed engine left."
    pid_file.unlink(missing_ok=True)
    yield f"Removed {pid_file}."


def read_pid(path: Path) -> int | None:
    """The pid in the file; None if there is no file or no number in it."""
    try:
        return int(path.read_text().strip())
    except (OSError, ValueError):
        return None


def name_of(pid: int, proc: Path = _PROC) -> str:
    """The name of a live process, "" if there is none; a dead one that nobody has buried yet is none."""
    with contextlib.suppress(OSError):
        name, _, rest = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")
        return "" if rest.split()[0] == "Z" else name.partition("(")[2]
    return ""


def command_of(pid: int, proc: Path = _PROC) -> str:
    """Its command line."""
    with contextlib.suppress(OSError):
        return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def end(pid: int, proc: Path = _PROC) -> None:
    """Terminate, and kill if that takes too long."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + _END_S
        while time.monotonic() < until:
            if not name_of(pid, proc):
                return
            time.sleep(_POLL_S)
