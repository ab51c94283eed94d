"""What an earlier process left behind, found and removed: containers by label, then mounts, loop devices and
directories by where they lie. Trusts nothing that was remembered; touches nothing of other installations."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from functions.config import Config
from runner.sandbox.engine.client import Running, SandboxEngine
from runner.sandbox.kernel.cgroups import CgroupError, find_cgroup
from runner.sandbox.kernel.syscalls import Kernel

_LOOP_CLR_FD = 0x4C01
_SANDBOX = re.compile("[0-9a-f]{12}")


def recover(engine: SandboxEngine, config: Config, keep: frozenset[str] = frozenset()) -> int:
    """Remove all sandboxes of this installation but those to keep; returns how many containers. Blocking;
    raises DriverError when the engine fails."""
    removed = 0
    for running in engine.sandboxes(config.instance):
        if running.sandbox_id not in keep:
            _thaw(running)
            engine.remove(running.container_id)
            removed += 1
    if not keep:
        _free_mounts((config.sandboxes, config.home / "scratch"))
        _free_loops(config.home / "scratch")
    _free_directories(config.sandboxes, keep)
    return removed


def _thaw(running: Running) -> None:
    """A frozen task ignores SIGKILL."""
    if running.pid > 0:
        with suppress(CgroupError, OSError):
            find_cgroup(running.pid).thaw()


def _free_mounts(places: Iterable[Path]) -> None:
    """Deepest first. Sandboxes' own mounts are never on the host; these would be an older version's."""
    found = [point for point in _mount_points() if any(point.is_relative_to(place) for place in places)]
    for point in sorted(found, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            Kernel().umount_detached(str(point))


def _mount_points() -> Iterator[Path]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        yield Path(line.split()[4].encode().decode("unicode_escape"))


def _free_loops(scratch: Path, block: Path = Path("/sys/block")) -> None:
    """They free themselves with their mount; this is for one that lost its maker before it was mounted."""
    for backing in block.glob("loop*/loop/backing_file"):
        with suppress(OSError):
            if Path(backing.read_text().strip()).is_relative_to(scratch):
                _free_loop(Path("/dev") / backing.parent.parent.name)


def _free_loop(device: Path) -> None:
    descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _LOOP_CLR_FD)
    finally:
        os.close(descriptor)


def _free_directories(sandboxes: Path, keep: frozenset[str]) -> None:
    if sandboxes.is_dir():
        for directory in sandboxes.iterdir():
            if _SANDBOX.fullmatch(directory.name) and directory.name not in keep:
                shutil.rmtree(directory, ignore_errors=True)
