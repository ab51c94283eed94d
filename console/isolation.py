"""What the gateway read back of the isolation, in words: which measures hold, and why one does not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MEASURES = {
    "egress": ("Egress rules", "Private, link-local and this machine's addresses are blocked by the kernel."),
    "late_binding": ("Late binding", "Code is mounted read-only into a sandbox that was started without it."),
    "freezer": ("Freezer", "Between calls every process of a sandbox stands still."),
    "scratch_on_disk": (
        "Temporary storage on disk",
        "Temporary files lie in a disk image of fixed size.",
    ),
}
_FACTS = {"engine": "Docker engine", "cgroup": "Control groups, version"}
# What the engine is told for every sandbox; see runner/sandbox/engine/options.py and its contract tests.
ALWAYS = (
    "A user of its own without rights, from 60000 on",
    "Read-only root, code and layers",
    "All capabilities dropped, no new privileges, the engine's seccomp profile",
    "Memory without swap, CPU in proportion to memory, a limit of processes and open files",
)


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
