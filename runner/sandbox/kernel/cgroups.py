"""Finding a process's control group and speaking to it by its files, whichever version the host has. Knows no
container; which numbers are written is decided by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.sandbox.kernel.cgroups_v1 import CgroupV1
from runner.sandbox.kernel.cgroups_v2 import CgroupV2

_V1_CONTROLLERS = ("memory", "cpu", "freezer")


class CgroupError(RuntimeError):
    """The control group cannot be found or written; the message is for the operator."""


class OomWatch(Protocol):
    """Tells whether the kernel has killed a process of the group for memory."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when there may be something to check."""
        ...

    def check(self) -> bool:
        """Whether it has happened since the watch was made or last forgotten. Does not block."""
        ...

    def forget(self) -> None:
        """Start anew."""
        ...

    def close(self) -> None:
        """Free the descriptors."""
        ...


class Cgroup(Protocol):
    """One container's control group. Every method writes or reads files: microseconds, OSError when gone."""

    def limit_memory(self, limit_bytes: int) -> None:
        """Memory limit, swap included, so that there is no swap."""
        ...

    def memory_limit(self) -> int:
        """The memory limit in bytes, as it stands."""
        ...

    def share_cpu(self, shares: int) -> None:
        """Weight against others, in v1 shares (1,024 = one vCPU)."""
        ...

    def freeze(self) -> None:
        """Stop all tasks."""
        ...

    def thaw(self) -> None:
        """Let them run again."""
        ...

    def reset_peak(self) -> None:
        """Forget the memory peak."""
        ...

    def peak(self) -> int:
        """Bytes at the peak since reset, less file cache as it stands now."""
        ...

    def usage(self) -> int:
        """Bytes in use now, less file cache."""
        ...

    def watch_oom(self) -> OomWatch:
        """A new watch, armed."""
        ...

    def close(self) -> None:
        """Free what it holds open."""
        ...


@dataclass(frozen=True, slots=True)
class _Hierarchy:
    root: str
    point: Path
    controllers: frozenset[str]
    unified: bool


def find_cgroup(pid: int, proc: Path = Path("/proc")) -> Cgroup:
    """The control group of a process; raises CgroupError when the process is gone or nothing is mounted."""
    try:
        memberships = (proc / str(pid) / "cgroup").read_text().splitlines()
        mounted = (proc / "self" / "mountinfo").read_text().splitlines()
    except OSError as error:
        raise CgroupError(f"process {pid} has no control group: {error}") from error
    hierarchies = [h for h in map(_parse_mount, mounted) if h is not None]
    paths = dict(_controller_paths(memberships, hierarchies))
    if all(name in paths for name in _V1_CONTROLLERS):
        return CgroupV1(memory=paths["memory"], cpu=paths["cpu"], freezer=paths["freezer"])
    if "" in paths:
        return CgroupV2(paths[""])
    raise CgroupError("neither cgroup v1 (memory, cpu, freezer) nor cgroup v2 is mounted")


def belongs_to(pid: int, container_id: str, proc: Path = Path("/proc")) -> bool:
    """Whether the process's control group names the container: a pid alone may have been reused."""
    try:
        return container_id in (proc / str(pid) / "cgroup").read_text()
    except OSError:
        return False


def _parse_mount(line: str) -> _Hierarchy | None:
    """One line of mountinfo (proc_pid_mountinfo(5)): root, mount point, then type and super options."""
    left, _, right = line.partition(" - ")
    fields, (kind, _source, options) = left.split(), right.split(" ", 2)
    if kind not in {"cgroup", "cgroup2"}:
        return None
    return _Hierarchy(fields[3], Path(fields[4]), frozenset(options.split(",")), kind == "cgroup2")


def _controller_paths(memberships: list[str], hierarchies: list[_Hierarchy]) -> list[tuple[str, Path]]:
    """(controller, directory) of each line of /proc/<pid>/cgroup; the controller of v2 is ""."""
    found = []
    for line in memberships:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            for hierarchy in hierarchies:
                if controller in hierarchy.controllers or (not controller and hierarchy.unified):
                    found.append((controller, _directory(hierarchy, path)))
                    break
    return found


def _directory(hierarchy: _Hierarchy, path: str) -> Path:
    """Where the path lies below the mount, which may show only a part of the hierarchy."""
    if hierarchy.root != "/" and path.startswith(hierarchy.root):
        path = path[len(hierarchy.root) :]
    return hierarchy.point / path.lstrip("/")
