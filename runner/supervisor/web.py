"""How the console's server is started: granian, once on the console's address for people and once on a unix
socket for what the gateway relays. The role tells Django which of the two it serves. Pure."""

from __future__ import annotations

import os
import sys
from enum import StrEnum

from functions.config import REPOSITORY, Config

ROLE_VARIABLE = "FUNCTORY_WEB_ROLE"
_THREADS = 4
_MOST_WORKERS = 2


class Role(StrEnum):
    """Only the relay's server believes the principal that a header names."""

    CONSOLE = "console"
    RELAY = "relay"


def web_command(config: Config, role: Role, cpus: int | None = None) -> tuple[str, ...]:
    """One worker process per processor, at most two; threads, since pages wait for the database."""
    workers = min(_MOST_WORKERS, cpus or os.cpu_count() or 1) if role is Role.CONSOLE else 1
    options = {
        "--interface": "wsgi", "--workers": str(workers), "--blocking-threads": str(_THREADS),
        "--runtime-mode": "st", "--workers-kill-timeout": "8", "--log-level": "error",
        "--working-dir": str(REPOSITORY), **_where(config, role),
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (name, value)]
    return (sys.executable, "-m", "granian", *words, "--no-ws", "console.wsgi:application")


def web_environment(role: Role) -> dict[str, str]:
    """What tells the two servers apart, and from any other process that loads Django."""
    return {ROLE_VARIABLE: str(role)}


def _where(config: Config, role: Role) -> dict[str, str]:
    if role is Role.RELAY:
        return {"--uds": str(config.web_socket), "--uds-permissions": "0o660"}
    address = {"--host": config.console.host, "--port": str(config.console.port)}
    if config.tls_cert is None or config.tls_key is None:
        return address
    return {**address, "--ssl-certificate": str(config.tls_cert), "--ssl-keyfile": str(config.tls_key)}
