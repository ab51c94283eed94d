"""One sandbox's container on the Docker engine: starts it, changes it from outside, watches it, removes it.
Knows nothing of functions, frames or pools."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from runner.sandbox.driver import DriverError
from runner.sandbox.engine.client import SandboxEngine
from runner.sandbox.engine.grip import Grip
from runner.sandbox.engine.home import SandboxHome
from runner.sandbox.engine.options import SCRATCH_INSIDE, ContainerPlan, memory_bytes
from runner.sandbox.kernel.cgroups import CgroupError
from runner.sandbox.kernel.held import Held, read_held
from runner.sandbox.kernel.host import HostTools
from runner.sandbox.kernel.netns import listen_inside
from runner.sandbox.kernel.scratch import ScratchError
from runner.sandbox.spec import CodeMount, Limits

KILL_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container needs from its driver. `tools` is None without the privilege to enter namespaces; then
    the container starts only when it is bound. `slow` runs starts by the engine, `removals` its removals and `quick`
    calls to the kernel: a bind must not wait behind somebody else's start, nor a start behind removals, which
    nobody waits for once the processes have been killed."""

    engine: SandboxEngine
    tools: HostTools | None
    slow: Executor
    removals: Executor
    quick: Executor
    forget: Callable[[DockerContainer], None]


class DockerContainer:
    """Implements runner.sandbox.driver.Container. Who reads its listener or output stops doing so before
    remove, which closes both."""

    def __init__(self, surroundings: Surroundings, plan: ContainerPlan, home: SandboxHome) -> None:
        self._around = surroundings
        self._plan = plan
        self._home = home
        self.id, self.key, self.uid, self.pid = plan.sandbox_id, plan.key, plan.uid, 0
        self.wire = plan.wire
        self.created_us = time.time_ns() // 1000
        self.image = ""  # by its id, once it runs
        self._container_id = ""
        self._grip: Grip | None = None
        self._on_exit: Callable[[], None] | None = None
        self._watched: set[int] = set()
        self._has_ended = asyncio.Event()
        self._removal: asyncio.Task[None] | None = None
        # bind and removal run on threads; a descriptor that one uses must not be closed by the other.
        self._changing = threading.Lock()

    @property
    def directory(self) -> Path:
        """The host's side of /run/functory."""
        return self._home.directory

    @property
    def starts_at_bind(self) -> bool:
        """Whether the language starts only in bind, for want of the privilege to mount later."""
        return self._around.tools is None

    def listener(self) -> socket.socket:
        """The listening unix socket that the runtime inside connects to."""
        return self._home.listener

    def output(self) -> int:
        """A non-blocking descriptor of the output FIFO; it never reports end of file."""
        return self._home.output

    def start(self) -> None:
        """Blocking, on a thread: start it, take hold of it, put /tmp in place, let it run. About 100 ms;
        raises DriverError, after which only removal is left."""
        with self._changing:
            running = self._around.engine.start(self._plan)
            self._container_id, self.pid, self.image = running.container_id, running.pid, running.image
            try:
                self._grip = Grip(running.pid, running.container_id)
                if self._around.tools is not None:
                    self._put_scratch(self._around.tools, self._plan.limits.ephemeral_mb, fresh=True)
                    if self.wire is not None:
                        self._around.tools.plug(self.pid, self._grip.pidfd, self.wire)
                self._seal_volumes()
                self._home.say_go()
            except (OSError, CgroupError, ScratchError) as error:
                raise DriverError(f"Sandbox {self.id} did not start: {error}") from error

    def attend(self) -> None:
        """On the event loop: notice memory kills at once, and the end when somebody asked for it."""
        if self._grip is not None:
            self._watch(self._grip.oom.fileno(), self._check_oom)
            if self._on_exit is not None:
                self._watch(self._grip.pidfd, self._ended)

    async def bind(self, mounts: tuple[CodeMount, ...], limits: Limits) -> None:
        """Make the mounts appear inside and apply the limits; about 1 ms unless /tmp must grow."""
        loop = asyncio.get_running_loop()
        if self.starts_at_bind:
            scratch = limits.ephemeral_mb
            self._plan = replace(self._plan, mounts=mounts, limits=limits, scratch_mb=scratch)
            await loop.run_in_executor(self._around.slow, self.start)
            self.attend()
        else:
            await loop.run_in_executor(self._around.quick, self._bind, mounts, limits)

    def listen_inside(self, port: int) -> socket.socket:
        """A TCP listener on 127.0.0.1:port inside; 0.3 ms."""
        tools, grip = self._around.tools, self._grip
        if tools is None or grip is None:
            raise DriverError("The sandbox's network cannot be entered without root's privileges")
        try:
            return listen_inside(tools.thread, grip.pidfd, port)
        except (OSError, RuntimeError) as error:
            raise DriverError(f"Cannot listen inside sandbox {self.id}: {error}") from error

    def freeze(self) -> None:
        """Stop all its tasks; nothing without the privilege, nothing when it has ended."""
        if self._grip is not None:
            self._grip.freeze()

    def thaw(self) -> None:
        """Let them run again."""
        if self._grip is not None:
            self._grip.thaw()

    def reset_peak(self) -> None:
        """Forget the memory peak."""
        if self._grip is not None:
            self._grip.reset_peak()

    def peak(self) -> int:
        """Bytes at the peak since reset, less file cache; 0 when it has ended."""
        return self._grip.peak() if self._grip is not None else 0

    def memory_now(self) -> int:
        """Bytes in use now, less file cache; 0 when it has ended."""
        return self._grip.usage() if self._grip is not None else 0

    def oom_killed(self) -> bool:
        """Whether the kernel has killed one of its processes for memory since it was bound."""
        return self._grip is not None and self._grip.check_oom()

    def exit_status(self) -> int | None:
        """How the language's process ended, as the launcher told before it ended too."""
        return self._home.exit_status()

    def read_back(self) -> tuple[Held, int]:
        """What the kernel holds it to, and its memory limit in bytes; raises DriverError when it has ended."""
        if self._grip is None:
            raise DriverError(f"Sandbox {self.id} has not started yet")
        try:
            return read_held(self._grip.pid), self._grip.cgroup.memory_limit()
        except OSError as error:
            raise DriverError(f"Sandbox {self.id} has ended") from error

    def watch_exit(self, callback: Callable[[], None]) -> None:
        """Call back once, on the event loop, when the first process has ended."""
        self._on_exit = callback
        if self._grip is not None:
            self._watch(self._grip.pidfd, self._ended)

    async def kill(self) -> None:
        """Kill all its processes and wait for their end, some milliseconds: the first process of a namespace
        ends last. Raises DriverError."""
        grip = self._grip
        if grip is None or self._removal is not None:
            return
        grip.kill()
        if grip.pidfd not in self._watched and not self._has_ended.is_set():
            self._watch(grip.pidfd, self._ended)
        try:
            await asyncio.wait_for(self._has_ended.wait(), KILL_PATIENCE_S)
        except TimeoutError:
            raise DriverError(f"Sandbox {self.id} was killed and has not ended") from None

    async def remove(self) -> None:
        """Kill, thaw, remove, free everything; idempotent."""
        if self._removal is None:
            self._removal = asyncio.ensure_future(self._remove())
        await asyncio.shield(self._removal)

    def discard(self) -> None:
        """Blocking, on a thread: remove what there is, whatever state it is in; raises DriverError."""
        if self._grip is not None:
            self._grip.kill()
        with self._changing:
            try:
                if self._container_id:
                    self._around.engine.remove(self._container_id)
            finally:
                self._home.free()
                if self._grip is not None:
                    self._grip.close()
                self._around.forget(self)

    def _bind(self, mounts: tuple[CodeMount, ...], limits: Limits) -> None:
        with self._changing:
            tools, grip = self._around.tools, self._grip
            if tools is None or grip is None or self._removal is not None:
                raise DriverError(f"Sandbox {self.id} is not running")
            try:
                self._limit(tools, grip, limits)
                tools.mounter.bind_code(grip.pidfd, [(mount.source, mount.target) for mount in mounts])
            except (OSError, ScratchError, RuntimeError) as error:
                raise DriverError(f"Sandbox {self.id} cannot be bound: {error}") from error
            grip.forget_oom()

    def _limit(self, tools: HostTools, grip: Grip, limits: Limits) -> None:
        grip.cgroup.limit_memory(memory_bytes(limits, tools.memory_for_scratch(limits.ephemeral_mb)))
        grip.cgroup.share_cpu(limits.cpu_shares)
        if limits.ephemeral_mb > self._plan.limits.ephemeral_mb:
            self._put_scratch(tools, limits.ephemeral_mb, fresh=False)

    def _seal_volumes(self) -> None:
        """The engine makes an image's volumes writable, without a limit and on the host's disk."""
        volumes = [path for path in self._plan.volumes if path.rstrip("/") != SCRATCH_INSIDE]
        if not volumes or self._grip is None:
            return
        if self._around.tools is None:
            raise DriverError(
                f"The image declares the volumes {', '.join(volumes)}, which only root can make read-only"
            )
        self._around.tools.mounter.seal(self._grip.pidfd, volumes)

    def _put_scratch(self, tools: HostTools, size_mb: int, *, fresh: bool) -> None:
        """A larger /tmp is a new one in the old one's place: the function has not run yet, and growing a
        mounted ext4 needs CAP_SYS_RESOURCE, which root lacks on some hosts."""
        if self._grip is None:
            return
        tree = tools.make_scratch(size_mb, self.uid)
        try:
            place = tools.mounter.attach if fresh else tools.mounter.replace
            place(self._grip.pidfd, tree, SCRATCH_INSIDE)
        finally:
            os.close(tree)

    def _check_oom(self) -> None:
        if self._grip is not None:
            self._grip.check_oom()

    def _watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        asyncio.get_running_loop().add_reader(descriptor, callback)
        self._watched.add(descriptor)

    def _ended(self) -> None:
        self._has_ended.set()
        if self._grip is not None:
            asyncio.get_running_loop().remove_reader(self._grip.pidfd)
            self._watched.discard(self._grip.pidfd)
        self._check_oom()
        callback, self._on_exit = self._on_exit, None
        if callback is not None:
            callback()

    async def _remove(self) -> None:
        loop = asyncio.get_running_loop()
        for descriptor in self._watched:
            loop.remove_reader(descriptor)
        self._watched.clear()
        self._has_ended.set()  # who still waits for it need not
        await loop.run_in_executor(self._around.removals, self.discard)
