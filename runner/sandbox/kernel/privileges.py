"""What this process may do to other processes' namespaces, found out by trying. Decides nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from runner.sandbox.kernel.mounts import READ_ONLY
from runner.sandbox.kernel.syscalls import Kernel

# capability.h: CAP_NET_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_ADMIN.
_NEEDED = {12: "NET_ADMIN", 18: "SYS_CHROOT", 19: "SYS_PTRACE", 21: "SYS_ADMIN"}


@dataclass(frozen=True, slots=True)
class Privileges:
    """Whether namespaces can be entered and mounts moved; if not, `reason` says what is missing."""

    granted: bool
    reason: str = ""


def find_privileges(kernel: Kernel, status: Path = Path("/proc/self/status")) -> Privileges:
    """Effective capabilities first, then whether the kernel (5.12) knows the mount calls."""
    missing = _missing_capabilities(status)
    if missing:
        return Privileges(False, f"without the capabilities {', '.join(missing)} (not started as root)")
    try:
        tree = kernel.open_tree("/dev/null")
    except OSError as error:
        return Privileges(False, f"the kernel refuses detached mounts: {error}")
    try:
        kernel.mount_setattr(tree, READ_ONLY)
    except OSError as error:
        return Privileges(False, f"the kernel refuses mount attributes: {error}")
    finally:
        os.close(tree)
    return Privileges(True)


def _missing_capabilities(status: Path) -> list[str]:
    for line in status.read_text().splitlines():
        if line.startswith("CapEff:"):
            effective = int(line.split()[1], 16)
            return [name for bit, name in _NEEDED.items() if not effective >> bit & 1]
    return list(_NEEDED.values())
