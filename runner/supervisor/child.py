"""One running process: started in a session of its own, its output cut into lines, its end seen through a pidfd
(no thread, no SIGCHLD, no waiting for pipes that a grandchild holds open)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runner.supervisor.lines import LineCutter

_CHUNK = 64 * 1024
_UMASK = 0o027


class Child:
    """A started process. The caller watches `end` and `output` and calls `read` and `reap`."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: Path,
        log: Path | None,
        lock: int,
    ) -> None:
        """Raises OSError. `lock` is inherited: it stays held until this process has ended too."""
        self.started = time.monotonic()
        self._cutter = LineCutter()
        with contextlib.ExitStack() as files:
            sink = files.enter_context(log.open("ab")) if log is not None else subprocess.PIPE
            self._process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=sink,
                stderr=subprocess.STDOUT, start_new_session=True, umask=_UMASK, pass_fds=(lock,),
            )  # fmt: skip
        self.pid = self._process.pid
        self.end = os.pidfd_open(self.pid)
        self.output = self._process.stdout.fileno() if self._process.stdout is not None else None
        if self.output is not None:
            os.set_blocking(self.output, False)

    @property
    def lived_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def read(self, take: Callable[[str], None]) -> bool:
        """Hand over complete lines; False at the end of the output."""
        assert self.output is not None
        try:
            chunk = os.read(self.output, _CHUNK)
        except BlockingIOError:
            return True
        for line in self._cutter.feed(chunk) if chunk else self._cutter.end():
            take(line)
        return bool(chunk)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.end, number)

    def reap(self) -> int:
        """Its exit status, once it has ended; kills what it left in its session and frees what was kept."""
        status = self._process.wait()
        kill_session(self.pid)
        os.close(self.end)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def kill(self) -> None:
        """End it and all of its session at once."""
        kill_session(self.pid)
        self.signal(signal.SIGKILL)


def kill_session(session: int, proc: Path = Path("/proc")) -> None:
    """Kill every process of a session: a killed server's workers would keep its port."""
    for entry in proc.iterdir():
        if entry.name.isdigit() and session_of(entry) == session and int(entry.name) != session:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)


def session_of(entry: Path) -> int:
    """The session that a process belongs to; 0 if it has just ended. The name in front may hold anything."""
    with contextlib.suppress(OSError, IndexError):
        return int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[3])
    return 0
