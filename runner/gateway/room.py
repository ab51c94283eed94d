"""How much of the machine sandboxes may take, and what is taken. Pure counting; told what ends and starts."""

from __future__ import annotations

from pathlib import Path

SHARE = 0.75
KB_PER_MB = 1024


class Room:
    """Committed memory in MB against the limit."""

    def __init__(self, limit_mb: int) -> None:
        self.limit_mb = limit_mb
        self.committed_mb = 0

    def missing(self, memory_mb: int) -> int:
        """How many MB more would have to be free for one more sandbox; 0 or less when it fits."""
        return self.committed_mb + memory_mb - self.limit_mb

    def take(self, memory_mb: int) -> None:
        """A sandbox starts."""
        self.committed_mb += memory_mb

    def free(self, memory_mb: int) -> None:
        """A sandbox is gone."""
        self.committed_mb -= memory_mb


def limit_of(configured_mb: int, machine_mb: int) -> int:
    """What was configured, or three quarters of the machine's memory."""
    return configured_mb or int(machine_mb * SHARE)


def machine_memory(meminfo: str) -> tuple[int, int]:
    """Total and available MB, from the text of /proc/meminfo."""
    fields = {
        line.partition(":")[0]: int(line.split()[1]) for line in meminfo.splitlines() if len(line.split()) > 1
    }
    return fields["MemTotal"] // KB_PER_MB, fields.get("MemAvailable", fields["MemFree"]) // KB_PER_MB


def read_machine_memory() -> tuple[int, int]:
    """Total and available MB of this machine."""
    return machine_memory(Path("/proc/meminfo").read_text())
