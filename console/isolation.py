"""What the gateway read back of the isolation, in words: which measures hold, and why one does not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.states import NetworkMode
from runner.client import HeldView

_MEASURES = {
    "egress": ("Egress rules", "Private, link-local and this machine's addresses are blocked by the kernel."),
    "late_binding": ("Late binding", "Code is mounted read-only into a sandbox that was started without it."),
    "freezer": ("Freezer", "Between calls every process of a sandbox stands still."),
    "scratch_on_disk": (
        "Temporary storage on disk",
        "Temporary files lie in a disk image of fixed size.",
    ),
}
FIRST_UID = 60_000
_FACTS = {"engine": "Docker engine", "cgroup": "Control groups, version"}
# What the engine is told for every sandbox; see runner/sandbox/engine/options.py and its contract tests.
ALWAYS = (
    "A user of its own without rights, from 60000 on",
    "Read-only root, code and layers",
    "All capabilities dropped, no new privileges, the engine's seccomp profile",
    "Memory without swap, CPU in proportion to memory, a limit of processes and open files",
)


_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measure:
    """One line: `holds` is None for a plain fact; `words` say what it does, or why it does not hold."""

    title: str
    holds: bool | None
    words: str


def measures(isolation: Mapping[str, Any]) -> list[Measure]:
    """The measures first, then facts; what is not known here is printed as it came."""
    found = [_measure(name, value) for name, value in isolation.items() if name != "rules"]
    return sorted(found, key=lambda each: (each.holds is None, each.title))


def rules(isolation: Mapping[str, Any]) -> str:
    """The packet filter's rules as the kernel has them, "" if none were read."""
    value = isolation.get("rules") or ""
    return value if isinstance(value, str) else "\n".join(str(line) for line in value)


def held(found: HeldView, *, network: str, memory_mb: int, image: str) -> list[Measure]:
    """What the kernel said of one sandbox, against what its function is set to; `image` is the id that its version
    was pinned to, "" where the runtime's own image serves."""
    outside = [name for name in found.interfaces if name != "lo"]
    others = [place for place in found.writable if place != "/tmp"]  # noqa: S108 - inside the sandbox
    limit_mb = found.memory_bytes // _MB
    mask = f"mask {found.capabilities:#x}"
    return [
        _held("User", found.uid >= FIRST_UID, f"Its processes run as user {found.uid}.", ""),
        _held(
            "Capabilities", not found.capabilities, "It has none and can get none.", f"It has some: {mask}."
        ),
        _held(
            "No new privileges", found.no_new_privileges, "Set-user-id programs give it nothing.", "Not set."
        ),
        _held("System calls", found.seccomp, "A seccomp filter is in force.", "No filter is in force."),
        _held("Root", found.root_read_only, "Mounted read-only.", "Mounted so that it can be written to."),
        _held(
            "Writable",
            not others,
            f"Only {', '.join(found.writable) or 'nothing'}.",
            f"{', '.join(others)} too.",
        ),
        _held(
            "Memory", limit_mb > 0, f"{limit_mb:,} MB; the function is set to {memory_mb:,} MB.", "No limit."
        ),
        _held(
            "Network",
            network != NetworkMode.NONE or not outside,
            f"It sees {', '.join(found.interfaces)}.",
            "",
        ),
        _image(found.image, image),
    ]


def _held(title: str, holds: bool, words: str, otherwise: str) -> Measure:
    return Measure(title, holds, words if holds or not otherwise else otherwise)


def _image(runs: str, pinned: str) -> Measure:
    if not pinned:
        return Measure("Image", None, f"Made of {runs}.")
    return _held(
        "Image", runs == pinned, f"{runs}, to which its version is pinned.", f"{runs}, not {pinned}."
    )


def _measure(name: str, value: Any) -> Measure:
    if name in _MEASURES:
        title, words = _MEASURES[name]
        return Measure(title, not value, words if not value else str(value))
    if isinstance(value, bool):
        return Measure(_words(name), value, "")
    return Measure(_FACTS.get(name, _words(name)), None, str(value))


def _words(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
