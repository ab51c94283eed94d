"""The border between policy and mechanism: what a sandbox engine must be able to do. The Docker driver and
the process driver (tests) implement it; one contract suite runs against both."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from runner.sandbox.spec import CodeMount, Limits, PoolKey


class DriverError(RuntimeError):
    """The engine could not do it; the message is for the operator."""


class Container(Protocol):
    """One running container with the language about to connect to its socket. Methods that touch only cgroup
    files or mounts are synchronous and take microseconds; those that talk to the engine are coroutines."""

    id: str
    key: PoolKey
    uid: int
    pid: int
    created_us: int

    @property
    def directory(self) -> Path:
        """The host's side of /run/functory: `s.sock` (the runtime connects here) and `out` (the FIFO)."""
        ...

    @property
    def starts_at_bind(self) -> bool:
        """Whether the language starts only in bind (on hosts where nothing can be mounted later): then no
        runtime connects before bind has returned, and pid is 0 until then."""
        ...

    def listener(self) -> socket.socket:
        """The listening unix socket that the runtime inside connects to (made before the start)."""
        ...

    def output(self) -> int:
        """A non-blocking descriptor that reads what the container writes to stdout and stderr. It never
        reports end of file. Whoever registered it or the listener on a loop lets go before remove."""
        ...

    async def bind(self, mounts: tuple[CodeMount, ...], limits: Limits) -> None:
        """Make the mounts appear inside and apply memory, CPU share and /tmp size; raises DriverError."""
        ...

    def listen_inside(self, port: int) -> socket.socket:
        """A TCP listener on 127.0.0.1:port in the container's own network namespace."""
        ...

    def freeze(self) -> None:
        """Stop all its tasks (cgroup freezer); no-op without the privilege."""
        ...

    def thaw(self) -> None:
        """Let them run again."""
        ...

    def reset_peak(self) -> None:
        """Forget the memory peak, before a call."""
        ...

    def peak(self) -> int:
        """Bytes at the peak since reset, less file cache."""
        ...

    def memory_now(self) -> int:
        """Bytes in use now, less file cache."""
        ...

    def oom_killed(self) -> bool:
        """Whether the kernel has killed one of its processes for memory since it was bound."""
        ...

    def exit_status(self) -> int | None:
        """How the language's process ended: its exit status, minus the signal that killed it, or None when
        that is not known. To be asked once the first process has ended; a hostile function can forge it."""
        ...

    def watch_exit(self, callback: Callable[[], None]) -> None:
        """Call back once, on the event loop, when the container's first process has ended."""
        ...

    async def kill(self) -> None:
        """Kill all its processes. When this returns they have ended and their memory is free, long before the
        engine has removed the container; raises DriverError when they have not ended within a few seconds."""
        ...

    async def remove(self) -> None:
        """Kill, thaw, remove, unmount, free everything; idempotent, also after a crash."""
        ...


class Driver(Protocol):
    """Makes containers, and cleans up what an earlier process left."""

    async def create(self, key: PoolKey) -> Container:
        """A started container of the key's runtime; raises DriverError."""
        ...

    async def recover(self) -> int:
        """Remove every container, mount, loop device, socket and FIFO left by an earlier run of this
        installation (labels tell); returns how many containers. Never touches others'."""
        ...

    def read_back(self, sandbox_id: str) -> dict[str, Any]:
        """What holds for a sandbox, read from the kernel: the fields of runner.sandbox.kernel.held.Held, its `image`
        by id and `memory_bytes`. Blocking; raises DriverError for one that is not there."""
        ...

    def outdated(self) -> frozenset[str]:
        """Ids of the sandboxes whose runtime's image was made anew since they were; blocking, raises DriverError."""
        ...

    async def close(self) -> None:
        """Remove all that this driver made."""
        ...
