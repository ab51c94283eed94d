"""Says what is missing and installs it, or names the command that does. Nothing is installed unsaid."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runner.host.errors import HostError
from runner.host.machine import Machine
from runner.host.needs import Need, find_program, missing

_POLICY = Path("/usr/sbin/policy-rc.d")
_ATTEMPTS = 3


def ensure(needs: Sequence[Need], machine: Machine) -> None:
    """Have all of them; raises HostError, with nothing changed, where installing is not possible."""
    wanted = missing(needs)
    if not wanted:
        return
    if not machine.may_install:
        raise HostError(refusal(wanted, machine))
    print(announcement(wanted, machine), flush=True)
    install(sorted({need.package_for(machine) for need in wanted}), machine)
    still = missing(wanted)
    if still:
        raise HostError("Installed, and still missing:\n" + _table(still, machine))


def announcement(wanted: Sequence[Need], machine: Machine) -> str:
    """What is going to be installed, and why."""
    return f"Functory needs these packages and now installs them ({machine.install_command}):\n" + _table(
        wanted, machine
    )


def refusal(wanted: Sequence[Need], machine: Machine) -> str:
    """What is missing, why it is not installed, and the command that supplies it."""
    reason = "this is not Debian or Ubuntu" if not machine.is_debian else "that needs root"
    packages = " ".join(sorted({need.package_for(machine) for need in wanted}))
    if machine.install_command:
        advice = f"Install them with:\n\n    {machine.install_command} {packages}\n"
    else:
        advice = f"Install them with this system's package manager (Debian's names: {packages})."
    lines = ["Missing, and not installed because " + reason + ":", _table(wanted, machine), "", advice]
    if machine.is_debian:
        lines.append("or run `sudo make up`.")
    lines.append("Nothing was changed.")
    return "\n".join(lines)


def install(packages: Sequence[str], machine: Machine) -> None:
    """With apt, without questions, without starting services; raises HostError."""
    with services_stay_off():
        _apt("update", attempts=_ATTEMPTS)
        _apt("install", "-y", "--no-install-recommends", *packages, attempts=_ATTEMPTS)
    if machine.has_systemd and "redis-server" in packages:
        # Functory starts a Redis of its own: the package's would only take port 6379 at the next boot.
        subprocess.run(["systemctl", "disable", "--quiet", "redis-server"], check=False)


def apt_environment() -> dict[str, str]:
    """No questions, no restarts of other services."""
    return {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "NEEDRESTART_MODE": "l",
        "PATH": os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
    }


@contextmanager
def services_stay_off(policy: Path = _POLICY) -> Iterator[None]:
    """Packages that bring a service would start it: a policy, kept only while installing, forbids it."""
    if policy.exists():
        yield
        return
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def _apt(*words: str, attempts: int) -> None:
    program = find_program("apt-get") or "apt-get"
    # Another package run (a machine's first boot often has one) is waited for.
    command = [program, "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", *words]
    for _ in range(attempts):
        print("  $ " + " ".join(["apt-get", *words]), flush=True)
        if (
            subprocess.run(command, env=apt_environment(), stdin=subprocess.DEVNULL, check=False).returncode
            == 0
        ):
            return
    raise HostError(f"`apt-get {' '.join(words)}` failed {attempts} times; its output is above.")


def _table(needs: Sequence[Need], machine: Machine) -> str:
    rows = [(need.package_for(machine), need.why) for need in needs]
    width = max(len(package) for package, _ in rows)
    return "\n".join(f"  {package:<{width}}  {why}" for package, why in rows)
