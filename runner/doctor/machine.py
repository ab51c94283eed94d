"""Looks at the machine: the kernel's means, programs, disk, memory. Changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from functions.config import Config
from runner.doctor.finding import Finding, bad, good, weak
from runner.host.machine import look
from runner.host.needs import find_program, missing, needs_to_run
from runner.sandbox.kernel.privileges import find_privileges
from runner.sandbox.kernel.syscalls import Kernel

_GB = 1024**3
_LITTLE_DISK, _NO_DISK = 10 * _GB, 1 * _GB
_V1_CONTROLLERS = ("memory", "cpu", "freezer", "pids")
_V2_CONTROLLERS = ("memory", "cpu", "pids")
_UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers")


def look_at_packages() -> Iterator[Finding]:
    """Everything that `make up` would install."""
    machine = look()
    absent = [need.package_for(machine) for need in missing(needs_to_run(machine, has_venv=lambda: True))]
    if absent:
        command = f"{machine.install_command or 'install'} {' '.join(absent)}"
        yield bad("Packages", f"missing: {', '.join(absent)}", f"{command}, or `make up` as root")
    else:
        yield good("Packages", "everything that Functory needs is installed")


def look_at_cgroups(mounts: Path = Path("/proc/mounts"), unified: Path = _UNIFIED) -> Iterator[Finding]:
    """Which version, and whether the controllers are there that limits and freezing need."""
    wanted: tuple[str, ...]
    if unified.is_file():
        version, there, wanted = 2, set(unified.read_text().split()), _V2_CONTROLLERS
    else:
        lines = [line.split() for line in mounts.read_text().splitlines()]
        there = {option for line in lines if line[2] == "cgroup" for option in line[3].split(",")}
        version, wanted = 1, _V1_CONTROLLERS
    lacking = [name for name in wanted if name not in there]
    if lacking:
        fact = f"version {version} without {', '.join(lacking)}"
        remedy = "Mount them (package cgroupfs-mount), or start the kernel with cgroup_enable=memory."
        yield bad("Control groups", fact, remedy)
    else:
        yield good("Control groups", f"version {version} with {', '.join(wanted)}")
        yield good(
            "Freezer", "idle sandboxes are frozen" if os.geteuid() == 0 else "there, but it needs root"
        )


def look_at_privileges() -> Iterator[Finding]:
    """Whether code can be bound to a running sandbox."""
    found = find_privileges(Kernel())
    if found.granted:
        yield good("Namespaces", "code is bound late to prewarmed sandboxes")
    else:
        remedy = (
            "Start Functory as root: without it every cold start makes a container, and nothing is frozen."
        )
        yield weak("Namespaces", found.reason, remedy)


def look_at_scratch(loops: Path = Path("/dev/loop-control")) -> Iterator[Finding]:
    """Whether /tmp of a sandbox can be a file system on disk."""
    if find_program("mke2fs") is None:
        yield weak("Scratch space", "in memory: mke2fs is missing", "apt-get install e2fsprogs")
    elif not loops.exists():
        yield weak("Scratch space", "in memory: no loop devices", "modprobe loop")
    else:
        yield good("Scratch space", "on disk, limited in size")


def look_at_filter() -> Iterator[Finding]:
    """Whether functions can be kept from the host and private networks."""
    subject, nft = "Packet filter", find_program("nft")
    if nft is None:
        yield bad(
            subject, "nft is missing: functions could reach private addresses", "apt-get install nftables"
        )
    elif os.geteuid() != 0:
        yield weak(
            subject,
            "only root may set rules",
            "Start Functory as root, or give functions the network mode none.",
        )
    else:
        asked = subprocess.run([nft, "list", "tables"], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            yield good(subject, "nftables answers")
        else:
            yield bad(subject, asked.stderr.strip() or "nft fails", "modprobe nf_tables")


def look_at_disk(config: Config) -> Iterator[Finding]:
    """Where Functory and the engine write."""
    places = {"Disk (home)": config.home, "Disk (engine)": Path("/var/lib/docker")}
    for subject, path in places.items():
        there = next(parent for parent in (path, *path.parents) if parent.exists())
        free = shutil.disk_usage(there).free
        fact = f"{free / _GB:.1f} GB free at {path}"
        if free < _NO_DISK:
            yield bad(subject, fact, "Free some: below 1 GB deploys and events are refused.")
        elif free < _LITTLE_DISK:
            yield weak(subject, fact, "Images, code and records grow; 10 GB are comfortable.")
        else:
            yield good(subject, fact)


def look_at_memory(meminfo: Path = Path("/proc/meminfo")) -> Iterator[Finding]:
    """What sandboxes share."""
    kilobytes = next(
        int(line.split()[1]) for line in meminfo.read_text().splitlines() if "MemAvailable" in line
    )
    fact = f"{kilobytes / 1024**2:.1f} GB available"
    if kilobytes < 1024**2:
        yield weak("Memory", fact, "Functory's own processes take 0.6 GB; set FUNCTORY_SANDBOX_MEMORY_MB.")
    else:
        yield good("Memory", fact)
