"""The kernel's tools in one hand, made once per process: with them sandboxes are changed after their start;
without the privilege there are none, and the reason is kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from runner.sandbox.kernel.mounts import Mounter
from runner.sandbox.kernel.namespaces import NamespaceThread
from runner.sandbox.kernel.privileges import find_privileges
from runner.sandbox.kernel.scratch import ScratchError, ScratchMaker
from runner.sandbox.kernel.syscalls import Kernel
from runner.sandbox.kernel.wires import Wire, plug
from runner.sandbox.kernel.wires import refusal as wires_refusal

_TRIAL_MB = 8


@dataclass(frozen=True, slots=True)
class HostTools:
    """What can be done from outside to a running container's namespaces."""

    thread: NamespaceThread
    mounter: Mounter
    scratch: ScratchMaker | None
    scratch_reason: str = ""
    wires_reason: str = ""

    def make_scratch(self, size_mb: int, uid: int) -> int:
        """A detached mount for /tmp, as a descriptor: a file system on disk, or memory where there is no loop
        device. Raises ScratchError or OSError."""
        if self.scratch is None:
            return self.mounter.tmpfs(size_mb, uid)
        return self.scratch.make(size_mb, uid)

    @property
    def plugs(self) -> bool:
        """Whether wires can be put in; otherwise the engine has to."""
        return not self.wires_reason

    def plug(self, pid: int, pidfd: int, wire: Wire) -> None:
        """Connect a container that the pidfd holds to a bridge; 1 ms. Raises OSError."""
        plug(self.thread, pid, pidfd, wire)

    def memory_for_scratch(self, size_mb: int) -> int:
        """How many MB of /tmp are charged to the sandbox's memory."""
        return size_mb if self.scratch is None else 0

    def close(self) -> None:
        """End the thread."""
        self.thread.close()


def open_host_tools(scratch_directory: Path) -> tuple[HostTools | None, str]:
    """The tools, or None and the reason why namespaces cannot be entered."""
    kernel = Kernel()
    privileges = find_privileges(kernel)
    if not privileges.granted:
        return None, privileges.reason
    thread = NamespaceThread(kernel)
    mounter = Mounter(kernel, thread)
    maker = ScratchMaker(scratch_directory, mounter)
    reason = _scratch_refusal(maker)
    return HostTools(thread, mounter, None if reason else maker, reason, wires_refusal()), ""


def _scratch_refusal(maker: ScratchMaker) -> str:
    """Found out by making one: a loop device can fail for many reasons."""
    try:
        os.close(maker.make(_TRIAL_MB, os.geteuid()))
    except (ScratchError, OSError) as error:
        return str(error)
    return ""
