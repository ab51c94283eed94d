"""What the kernel holds a running process to, read back from /proc: nothing here is taken from what the engine was
asked for. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
# What an engine mounts for every container; nothing of a function's is kept there.
_ENGINES_OWN = ("/proc", "/sys", "/dev")


@dataclass(frozen=True, slots=True)
class Held:
    """`capabilities` are those that it has or could get, as a bit mask; `writable` the mounts that it may write to,
    but for devices; `interfaces` what it sees of networks."""

    uid: int
    capabilities: int
    no_new_privileges: bool
    seccomp: bool
    root_read_only: bool
    writable: tuple[str, ...]
    interfaces: tuple[str, ...]


def read_held(pid: int, proc: Path = _PROC) -> Held:
    """Of a process; raises OSError when it has ended."""
    status = dict(_pairs((proc / str(pid) / "status").read_text()))
    mounts = _mounts((proc / str(pid) / "mountinfo").read_text())
    device_lines = (proc / str(pid) / "net" / "dev").read_text().splitlines()[2:]
    sets = (status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    capabilities = 0
    for each in sets:
        capabilities |= int(each, 16)
    return Held(
        uid=int(status["Uid"].split()[1]),
        capabilities=capabilities,
        no_new_privileges=status["NoNewPrivs"] == "1",
        seccomp=status["Seccomp"] == "2",
        root_read_only=mounts.get("/") == "ro",
        writable=tuple(
            sorted(place for place, mode in mounts.items() if mode == "rw" and not _is_engines(place))
        ),
        interfaces=tuple(sorted(line.partition(":")[0].strip() for line in device_lines)),
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(name, value.strip()) for name, _, value in (line.partition(":") for line in text.splitlines())]


def _mounts(text: str) -> dict[str, str]:
    """Place -> "ro" or "rw", of the mount on top: a later line lies over an earlier one. A file system that is
    read-only as a whole counts as such."""
    found = {}
    for line in text.splitlines():
        own, _, rest = line.partition(" - ")
        fields, whole = own.split(), rest.split()[2].split(",")
        read_only = "ro" in fields[5].split(",") or "ro" in whole
        found[fields[4]] = "ro" if read_only else "rw"
    return found


def _is_engines(place: str) -> bool:
    return any(place == own or place.startswith(f"{own}/") for own in _ENGINES_OWN)
