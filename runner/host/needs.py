"""What Functory needs of a machine, how its presence is recognised, and which package supplies it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from runner.host.machine import Machine

_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True)
class Need:
    """`present` looks for what counts, not for the package: an engine from elsewhere is an engine. `elsewhere`
    names the package for other package managers where it differs; None means that there is none."""

    package: str
    why: str
    present: Callable[[], bool]
    elsewhere: dict[str, str] = field(default_factory=dict)

    def package_for(self, machine: Machine) -> str:
        """The package's name on this machine."""
        return self.elsewhere.get(machine.manager, self.package)


def find_program(name: str) -> str | None:
    """Where a program is; also looks where only root's PATH does."""
    return shutil.which(name) or next(
        (f"{folder}/{name}" for folder in _SBIN if Path(folder, name).exists()), None
    )


def program(*names: str) -> Callable[[], bool]:
    """Present if one of these programs is there."""
    return lambda: any(find_program(name) for name in names)


def any_file(*patterns: str) -> Callable[[], bool]:
    """Present if something matches one of these absolute patterns."""
    return lambda: any(any(Path("/").glob(pattern.lstrip("/"))) for pattern in patterns)


def needs_to_run(machine: Machine, *, has_venv: Callable[[], bool]) -> list[Need]:
    """For `make up`. The virtual environment's own need depends on the Python that is used."""
    return [
        Need(
            "docker.io",
            "the Docker engine: functions run in its containers",
            program("dockerd"),
            {"dnf": "moby-engine", "zypper": "docker", "pacman": "docker", "apk": "docker"},
        ),
        Need("redis-server", "queues and streams: Functory starts its own", program("redis-server"), _REDIS),
        Need("mmdebstrap", "makes the base image where no registry answers", program("mmdebstrap")),
        Need("nftables", "keeps functions away from the host and private networks", program("nft")),
        Need("e2fsprogs", "each function's own /tmp of limited size", program("mke2fs")),
        Need("ca-certificates", "certificates that package indexes are checked with", any_file(*_BUNDLES)),
        Need(
            "python3-venv",
            "a place for Functory's Python packages",
            has_venv,
            {"dnf": "python3", "pacman": "python"},
        ),
        *_needs_of(machine),
    ]


def needs_to_test(machine: Machine, *, has_venv: Callable[[], bool]) -> list[Need]:
    """For `make test`: all of the above, a browser, a database server and a C compiler."""
    return [
        *needs_to_run(machine, has_venv=has_venv),
        Need(
            "chromium" if machine.distribution != "ubuntu" else "chromium-browser",
            "browser tests",
            _browser(),
        ),
        Need("fonts-dejavu-core", "text in the browser tests' pages", any_file("/usr/share/fonts/**/*.ttf")),
        Need(
            "postgresql",
            "the tests' second kind of database",
            any_file("/usr/lib/postgresql/*/bin/initdb", "/usr/bin/initdb"),
        ),
        Need("gcc", "the launcher's tests compile it", program("cc", "gcc")),
        Need("libc6-dev", "the launcher's tests link it", any_file("/usr/include/stdio.h")),
    ]


def missing(needs: Iterable[Need]) -> list[Need]:
    """Those that are not there."""
    return [need for need in needs if not need.present()]


def _needs_of(machine: Machine) -> list[Need]:
    """What only some machines need."""
    found = []
    if machine.distribution == "ubuntu":
        keys = any_file("/usr/share/keyrings/debian-archive-keyring.*")
        found.append(Need("debian-archive-keyring", "keys that the base image is checked with", keys))
    if apparmor_is_on():
        # Otherwise the engine cannot load its profile and no container starts.
        found.append(Need("apparmor", "loads the engine's protection profile", program("apparmor_parser")))
    return found


def apparmor_is_on(flag: Path = Path("/sys/module/apparmor/parameters/enabled")) -> bool:
    """Whether the kernel confines containers with AppArmor."""
    return flag.is_file() and flag.read_text().strip() == "Y"


def _browser() -> Callable[[], bool]:
    return program("chromium", "chromium-browser", "google-chrome")


_REDIS = {"dnf": "redis", "zypper": "redis", "pacman": "redis", "apk": "redis"}
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)
