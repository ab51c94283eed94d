"""The host's side of one sandbox's /run/functory: the listening socket, the FIFO of its output, the FIFO of
the word to begin. Knows no container."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path

SOCKET, OUTPUT, GO = "s.sock", "out", "go"
_BACKLOG = 8
_F_SETPIPE_SZ = 1031
_PIPE_BYTES = 256 * 1024


class SandboxHome:
    """A directory that the sandbox's user can look into but not write: the socket and the FIFOs are his, mode
    0600. All of it is there before the container starts."""

    def __init__(self, parent: Path, sandbox_id: str, uid: int) -> None:
        """Make it; raises OSError, leaving nothing."""
        self.directory = parent / sandbox_id
        with ExitStack() as undo:
            _passable(parent)
            self.directory.mkdir()
            # Said again: the umask of a supervised process takes others' rights away.
            self.directory.chmod(0o755)
            undo.callback(shutil.rmtree, self.directory, ignore_errors=True)
            self.listener = undo.enter_context(_listen(self.directory / SOCKET, uid))
            self.output = _fifo(self.directory / OUTPUT, uid)
            undo.callback(os.close, self.output)
            self._go = _fifo(self.directory / GO, uid)
            undo.callback(os.close, self._go)
            self._undo = undo.pop_all()

    def say_go(self) -> None:
        """Let the launcher start the runtime."""
        os.write(self._go, b"g")

    def exit_status(self) -> int | None:
        """How the runtime ended, as the launcher tells: its exit status, or the signal that killed it as a
        negative number; None when it has not said."""
        try:
            told = os.read(self._go, _PIPE_BYTES)
        except OSError:  # nothing there, or freed already
            return None
        kind, number = told[-2:-1], told[-1:]
        if kind not in {b"e", b"s"}:
            return None
        return number[0] if kind == b"e" else -number[0]

    def free(self) -> None:
        """Close everything and remove the directory; idempotent."""
        self._go = -1  # the number may soon be another file's
        self._undo.close()


def _passable(parent: Path) -> None:
    """The directory above all sandboxes, through which their users reach their own."""
    missing = [directory for directory in (parent, *parent.parents) if not directory.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    for directory in {parent, *missing}:
        directory.chmod(0o711)


def _listen(path: Path, uid: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        _give(path, uid)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _fifo(path: Path, uid: int) -> int:
    """A FIFO opened read-write and non-blocking: it never reports end of file, and a reader that comes later
    finds a writer."""
    os.mkfifo(path, 0o600)
    _give(path, uid)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _PIPE_BYTES)
    return descriptor


def _give(path: Path, uid: int) -> None:
    if uid != os.geteuid():
        os.chown(path, uid, uid)
