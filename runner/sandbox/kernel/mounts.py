"""Mounts that appear inside a container after its start: read-only code trees and fresh file systems. A mount
is made detached, so that the host never sees it and it dies with the container's namespace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from runner.sandbox.kernel.namespaces import NamespaceThread
from runner.sandbox.kernel.syscalls import (
    MOUNT_ATTR_NOATIME,
    MOUNT_ATTR_NODEV,
    MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY,
    Kernel,
)

READ_ONLY = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
SCRATCH = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME
# Nobody needs a scratch file system after a power cut, so it is spared barriers, discards and table zeroing.
EXT4_FLAGS = ("noinit_itable", "nobarrier", "nodiscard")


class Mounter:
    """Makes detached mounts and attaches them inside a process's mount namespace."""

    def __init__(self, kernel: Kernel, thread: NamespaceThread) -> None:
        self._kernel = kernel
        self._thread = thread

    def bind_code(self, pidfd: int, mounts: Sequence[tuple[Path, str]]) -> None:
        """Show host directories read-only, nosuid, nodev inside; all of them or an OSError."""
        with ExitStack() as opened:
            trees = [(self._code_tree(source, opened), target) for source, target in mounts]
            self._thread.in_mounts(pidfd, lambda: self._attach(trees)).result()

    def attach(self, pidfd: int, tree: int, target: str) -> None:
        """Attach one detached mount inside; the caller keeps and closes the descriptor."""
        self._thread.in_mounts(pidfd, lambda: self._kernel.move_mount(tree, target)).result()

    def seal(self, pidfd: int, targets: Sequence[str]) -> None:
        """Make mounts that are there read-only, nosuid, nodev, with what is in them; all of them or an OSError."""

        def work() -> None:
            for target in targets:
                mount = os.open(target, os.O_PATH | os.O_CLOEXEC)
                try:
                    self._kernel.mount_setattr(mount, READ_ONLY)
                finally:
                    os.close(mount)

        self._thread.in_mounts(pidfd, work).result()

    def replace(self, pidfd: int, tree: int, target: str) -> None:
        """Attach one detached mount inside in place of the one that is there."""

        def work() -> None:
            self._kernel.umount_detached(target)
            self._kernel.move_mount(tree, target)

        self._thread.in_mounts(pidfd, work).result()

    def ext4(self, device: Path) -> int:
        """A detached mount of a block device, as a descriptor."""
        return self._kernel.new_mount("ext4", {"source": str(device)}, EXT4_FLAGS, SCRATCH)

    def tmpfs(self, size_mb: int, uid: int) -> int:
        """A detached tmpfs of a size, owned by a user, as a descriptor. It is charged as memory."""
        options = {"size": f"{size_mb}m", "mode": "0700", "uid": str(uid), "gid": str(uid)}
        return self._kernel.new_mount("tmpfs", options, (), SCRATCH)

    def _code_tree(self, source: Path, opened: ExitStack) -> int:
        tree = self._kernel.open_tree(str(source))
        opened.callback(os.close, tree)
        self._kernel.mount_setattr(tree, READ_ONLY)
        return tree

    def _attach(self, trees: Sequence[tuple[int, str]]) -> None:
        for tree, target in trees:
            self._kernel.move_mount(tree, target)
