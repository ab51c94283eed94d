"""Every look, in the order in which troubles build on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from functions.config import Config
from runner.doctor import installation, machine
from runner.doctor.finding import Finding, guarded


def visit(config: Config) -> list[Finding]:
    """Look at everything; takes a second or two."""
    looks: dict[str, Callable[[], Iterator[Finding]]] = {
        "Packages": machine.look_at_packages,
        "Control groups": machine.look_at_cgroups,
        "Namespaces": machine.look_at_privileges,
        "Scratch space": machine.look_at_scratch,
        "Packet filter": machine.look_at_filter,
        "Disk": lambda: machine.look_at_disk(config),
        "Memory": machine.look_at_memory,
        "Docker engine": lambda: installation.look_at_engine(config),
        "Images": lambda: installation.look_at_images(config),
        "Redis": lambda: installation.look_at_redis(config),
        "Databases": installation.look_at_databases,
        "Addresses": lambda: installation.look_at_addresses(config),
        "Account": installation.look_at_account,
    }
    return [finding for subject, look in looks.items() for finding in guarded(subject, look)]
