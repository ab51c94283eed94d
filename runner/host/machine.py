"""What kind of machine this is, as far as installing on it goes: facts, read once. Changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

APT = "apt-get"
# How each distribution installs, in the order in which it is looked for.
_MANAGERS = {
    APT: "apt-get install -y",
    "dnf": "dnf install -y",
    "zypper": "zypper install -y",
    "pacman": "pacman -S --needed",
    "apk": "apk add",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """`manager` is the package manager's name, "" if none is known; `is_root` is about this process."""

    distribution: str
    version: str
    manager: str
    is_root: bool
    has_sudo: bool
    has_systemd: bool

    @property
    def is_debian(self) -> bool:
        """Whether Functory knows the packages' names and may install them itself."""
        return self.manager == APT and self.distribution in {"debian", "ubuntu"}

    @property
    def may_install(self) -> bool:
        """Whether a missing package is installed rather than named."""
        return self.is_debian and self.is_root

    @property
    def install_command(self) -> str:
        """What a person types to install packages here, without their names."""
        command = _MANAGERS.get(self.manager, "")
        return command if self.is_root or not command else f"sudo {command}"


def look(environ: Mapping[str, str] = os.environ) -> Machine:
    """Look around."""
    release = read_release(Path("/etc/os-release"))
    return Machine(
        distribution=family(release),
        version=release.get("VERSION_ID", ""),
        manager=next((name for name in _MANAGERS if shutil.which(name)), ""),
        is_root=os.geteuid() == 0,
        has_sudo=_has_sudo(environ),
        has_systemd=Path("/run/systemd/system").is_dir(),
    )


def read_release(path: Path) -> dict[str, str]:
    """The file that says which distribution this is; empty if there is none."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(errors="replace").splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def family(release: Mapping[str, str]) -> str:
    """ "debian" or "ubuntu" for these and what is made from them, otherwise the distribution's own id."""
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((name for name in ("ubuntu", "debian") if name in names), names[0])


def _has_sudo(environ: Mapping[str, str]) -> bool:
    """Whether sudo can be asked: without a password, or with a person there to type it."""
    if environ.get("FUNCTORY_NO_SUDO") or shutil.which("sudo") is None:
        return False
    if sys.stdin is not None and sys.stdin.isatty():
        return True
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return asked.returncode == 0
