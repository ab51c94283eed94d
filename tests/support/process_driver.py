"""A driver without any engine: each sandbox is a process of this machine in mount, network and pid namespaces
of its own, under the same launcher, with the same late mounts. It limits neither memory nor CPU. Root only."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from functions.config import Config
from runner.sandbox.driver import DriverError
from runner.sandbox.engine.home import SandboxHome
from runner.sandbox.engine.uids import Uids
from runner.sandbox.kernel.host import HostTools, open_host_tools
from runner.sandbox.kernel.netns import listen_inside
from runner.sandbox.spec import CodeMount, Limits, PoolKey

# $1 launcher, $2 the sandbox's home, $3 its uid, $4 the runtime's folder, then the command.
ROOM = """
set -e
launcher=$1 home=$2 uid=$3 runtime=$4; shift 4
mount -t tmpfs -o size=1m,mode=755 none /mnt
mkdir /mnt/task /mnt/dependencies /mnt/runtime /mnt/functory
touch /mnt/functory-launcher
mount --bind "$home" /mnt/functory
mount --bind "$launcher" /mnt/functory-launcher
[ -z "$runtime" ] || mount --bind "$runtime" /mnt/runtime
mount --rbind /mnt /var
mkdir -p /run/functory
mount --bind "$home" /run/functory
mount -t tmpfs -o "size=512m,mode=700,uid=$uid,gid=$uid,nosuid,nodev" none /tmp
mount -t proc none /proc
cd /var/task
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs --bounding-set=-all \\
  env -i HOME=/tmp LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin /var/functory-launcher /run/functory "$@"
"""


class ProcessContainer:
    """Implements runner.sandbox.driver.Container."""

    starts_at_bind = False

    def __init__(self, driver: ProcessDriver, key: PoolKey, uid: int, home: SandboxHome) -> None:
        self._driver, self._home = driver, home
        self.id, self.key, self.uid = home.directory.name, key, uid
        self.created_us = time.time_ns() // 1000
        self._process = driver.spawn(key, uid, home)
        self.pid = self._process.pid
        self._pidfd = os.pidfd_open(self.pid)
        self._watched = False
        self._gone = False

    @property
    def directory(self) -> Path:
        return self._home.directory

    def listener(self) -> socket.socket:
        return self._home.listener

    def output(self) -> int:
        return self._home.output

    async def bind(self, mounts: tuple[CodeMount, ...], limits: Limits) -> None:
        try:
            pairs = [(mount.source, mount.target) for mount in mounts]
            self._driver.tools.mounter.bind_code(self._pidfd, pairs)
        except OSError as error:
            raise DriverError(f"Sandbox {self.id} cannot be bound: {error}") from error

    def listen_inside(self, port: int) -> socket.socket:
        try:
            return listen_inside(self._driver.tools.thread, self._pidfd, port)
        except OSError as error:
            raise DriverError(f"Cannot listen inside sandbox {self.id}: {error}") from error

    def freeze(self) -> None:
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def reset_peak(self) -> None:
        for pid in descendants(self.pid):
            with suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        return sum(memory_line(pid, "VmHWM:") for pid in descendants(self.pid))

    def memory_now(self) -> int:
        return sum(memory_line(pid, "VmRSS:") for pid in descendants(self.pid))

    def oom_killed(self) -> bool:
        return False

    def exit_status(self) -> int | None:
        return self._home.exit_status()

    def watch_exit(self, callback: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(self._pidfd)
            self._watched = False
            callback()

        self._watched = True
        loop.add_reader(self._pidfd, ended)

    async def kill(self) -> None:
        if self._gone:
            return
        self._process.kill()
        self.thaw()
        await asyncio.to_thread(self._process.wait)

    async def remove(self) -> None:
        if self._gone:
            return
        self._gone = True
        if self._watched:
            asyncio.get_running_loop().remove_reader(self._pidfd)
        self._process.kill()
        self.thaw()
        await asyncio.to_thread(self._process.wait)
        os.close(self._pidfd)
        self._home.free()
        self._driver.forget(self)

    def _signal_all(self, number: int) -> None:
        for pid in descendants(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


class ProcessDriver:
    """Implements runner.sandbox.driver.Driver. `runtime_of` names the folder that is /var/runtime inside."""

    def __init__(
        self,
        config: Config,
        command_of: Callable[[str], tuple[str, ...]],
        launcher: Path,
        runtime_of: Callable[[str], Path | None] = lambda _runtime: None,
    ) -> None:
        tools, reason = open_host_tools(config.home / "scratch")
        if tools is None:
            raise DriverError(reason)
        self.tools: HostTools = tools
        self._config, self._command_of, self._runtime_of = config, command_of, runtime_of
        self._launcher = launcher
        self._uids = Uids(first=61_500)
        self._live: dict[str, ProcessContainer] = {}

    def spawn(self, key: PoolKey, uid: int, home: SandboxHome) -> subprocess.Popen[bytes]:
        """Start the room with the launcher in it, waiting for its word."""
        runtime = str(self._runtime_of(key.runtime) or "")
        room = ["sh", "-c", ROOM, "room", str(self._launcher), str(home.directory), str(uid), runtime]
        spaces = ["unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child=SIGKILL"]
        environment = dict(key.start_environment) | {"PATH": os.environ["PATH"]}
        return subprocess.Popen([*spaces, *room, *self._command_of(key.runtime)], env=environment)

    async def create(self, key: PoolKey) -> ProcessContainer:
        uid = self._uids.take()
        home = SandboxHome(self._config.sandboxes, secrets.token_hex(6), uid)
        container = ProcessContainer(self, key, uid, home)
        self._live[container.id] = container
        home.say_go()
        await asyncio.to_thread(wait_for_room, container.pid)
        return container

    def read_back(self, sandbox_id: str) -> dict[str, Any]:
        raise DriverError(f"There is no sandbox {sandbox_id}")

    def outdated(self) -> frozenset[str]:
        return frozenset()

    async def recover(self) -> int:
        """Its processes never outlive it."""
        return 0

    async def close(self) -> None:
        for container in list(self._live.values()):
            await container.remove()
        self.tools.close()

    def forget(self, container: ProcessContainer) -> None:
        self._live.pop(container.id, None)
        self._uids.give_back(container.uid)


def wait_for_room(pid: int, limit_s: float = 10.0) -> None:
    """Until its mounts are made, so that code can be bound over them."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        with suppress(OSError):
            if " /tmp " in Path(f"/proc/{pid}/mountinfo").read_text():
                return
        time.sleep(0.005)
    raise DriverError("The room was not made")


def descendants(pid: int) -> Iterator[int]:
    """The process and all below it."""
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from descendants(int(child))


def memory_line(pid: int, key: str) -> int:
    """Bytes of one line of /proc/<pid>/status."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0
