"""One running Functory per home. Children inherit the lock, so it is free only once all of an earlier run has
ended: two Redis servers on one file would destroy it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from runner.supervisor.errors import UpError

_WAIT_S = 40
_POLL_S = 0.1


class HomeLock:
    """Held from construction until `release` and the end of every child that inherited `descriptor`."""

    def __init__(self, path: Path, say: Callable[[str], None], wait_s: float = _WAIT_S) -> None:
        """Raises UpError if another run holds it; waits if that one's supervisor has died already."""
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        if not self._take(say, wait_s):
            holder = self._holder()
            os.close(self.descriptor)
            raise UpError(
                f"Functory already runs on {path.parent} (pid {holder}). Stop it with Ctrl-C there or "
                f"`kill {holder}`, or choose another home with FUNCTORY_HOME."
            )
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give it up."""
        os.close(self.descriptor)

    def _take(self, say: Callable[[str], None], wait_s: float) -> bool:
        until, said = time.monotonic() + wait_s, False
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if Path(f"/proc/{self._holder()}").exists() or time.monotonic() > until:
                    return False
            else:
                return True
            if not said:
                say("An earlier run was killed and its processes are still ending; waiting for them.")
                said = True
            time.sleep(_POLL_S)

    def _holder(self) -> str:
        return os.pread(self.descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
