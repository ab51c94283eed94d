"""A thread of its own that steps into a container's mount or network namespace, does one thing, and steps
back. Knows what it means to leave and return; what is done inside is handed to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from runner.sandbox.kernel.syscalls import CLONE_FS, CLONE_NEWNET, CLONE_NEWNS, Kernel

Result = TypeVar("Result")


class NamespaceThread:
    """Runs callables one at a time on a thread that shares neither root nor working directory with the rest
    of the process: setns into a mount namespace is refused otherwise, and would move the whole process.
    Processes are named by pidfd, so that a reused pid can never be entered by mistake."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._saved = ExitStack()
        self._mounts = self._network = self._root = self._directory = -1
        self._executor = ThreadPoolExecutor(1, "namespaces", self._prepare)

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Do the work on the thread, at home."""
        return self._executor.submit(work)

    def in_mounts(self, pidfd: int, work: Callable[[], Result]) -> Future[Result]:
        """Do the work inside the mount namespace of a process; OSError when it cannot be entered."""
        return self.submit(lambda: self._inside_mounts(pidfd, work))

    def in_network(self, pidfd: int, work: Callable[[], Result]) -> Future[Result]:
        """Do the work inside the network namespace of a process; sockets made there stay there."""
        return self.submit(lambda: self._inside_network(pidfd, work))

    def close(self) -> None:
        """End the thread and forget the way home."""
        self._executor.shutdown(wait=True)
        self._saved.close()

    def _prepare(self) -> None:
        """Remember home. An error here makes the executor refuse all work, which is right."""
        self._kernel.unshare(CLONE_FS)
        self._mounts = self._keep("/proc/thread-self/ns/mnt", os.O_RDONLY)
        self._network = self._keep("/proc/thread-self/ns/net", os.O_RDONLY)
        self._root = self._keep("/", os.O_PATH | os.O_DIRECTORY)
        self._directory = self._keep(".", os.O_PATH | os.O_DIRECTORY)

    def _keep(self, path: str, flags: int) -> int:
        descriptor = os.open(path, flags | os.O_CLOEXEC)
        self._saved.callback(os.close, descriptor)
        return descriptor

    def _inside_mounts(self, pidfd: int, work: Callable[[], Result]) -> Result:
        self._kernel.setns(pidfd, CLONE_NEWNS)
        try:
            return work()
        finally:
            self._or_never_again(self._return)

    def _return(self) -> None:
        """setns leaves root and working directory at the top of the namespace, which is not where this
        process lives when it was started in a chroot; so both are put back by descriptor."""
        self._kernel.setns(self._mounts, CLONE_NEWNS)
        os.fchdir(self._root)
        os.chroot(".")
        os.fchdir(self._directory)

    def _inside_network(self, pidfd: int, work: Callable[[], Result]) -> Result:
        self._kernel.setns(pidfd, CLONE_NEWNET)
        try:
            return work()
        finally:
            self._or_never_again(lambda: self._kernel.setns(self._network, CLONE_NEWNET))

    def _or_never_again(self, way_home: Callable[[], None]) -> None:
        """A thread that is lost in a container must not do the next piece of work there."""
        try:
            way_home()
        except OSError:
            self._executor.shutdown(wait=False, cancel_futures=True)
            raise
