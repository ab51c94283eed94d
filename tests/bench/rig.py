"""What a run was made on and with. Reads, changes nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from functions.config import REPOSITORY
from runner.gateway.room import read_machine_memory


def processor() -> str:
    """The processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def said(*command: str) -> str:
    """What a command prints, "" when there is no such command."""
    try:
        found = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=20
        )
    except OSError:
        return ""
    return found.stdout.strip()


def rig() -> dict[str, Any]:
    """Machine and versions."""
    changed = "with changes" if said("git", "status", "--porcelain", "runner", "functions") else ""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{processor()}, {len(os.sched_getaffinity(0))} processors, {read_machine_memory()[0]} MB",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "system": f"Linux {platform.release()}, Docker {said('docker', 'version', '-f', '{{.Server.Version}}')}",
        "versions": f"Python {platform.python_version()}, uvloop {version('uvloop')}, "
        f"httptools {version('httptools')}",
        "Functory": " ".join(filter(None, (said("git", "rev-parse", "--short", "HEAD"), changed))),
    }
