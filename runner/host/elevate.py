"""Starts the command anew through sudo where that is possible, and says so first."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from runner.host.machine import Machine

# What a person has set for Functory or for the tools that it calls; sudo drops the rest.
_PREFIXES = ("FUNCTORY_", "PIP_", "npm_config_")
_NAMES = {
    "DATABASE_URL", "TELEMETRY_DATABASE_URL", "REDIS_URL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS", "CI", "TERM", "LANG", "NO_COLOR",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
}  # fmt: skip


def as_root_if_possible(machine: Machine, words: Sequence[str]) -> None:
    """Does not return if this process is replaced by sudo. Without sudo it does: what then needs root is refused
    one by one."""
    if machine.is_root or not machine.has_sudo:
        return
    print(
        "Functory runs as root (it makes control groups, mounts and networks for its sandboxes), so sudo starts it.\n"
        "Set FUNCTORY_NO_SUDO=1 to stay who you are, with weaker isolation.",
        flush=True,
    )
    os.execvp("sudo", command(words, os.environ))  # noqa: S606


def command(words: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """The same command as root, in the same folder, with the settings that count."""
    kept = sorted(name for name in environ if name.startswith(_PREFIXES) or name in _NAMES)
    preserve = [f"--preserve-env={','.join(kept)}"] if kept else []
    return ["sudo", *preserve, sys.executable, "-m", "runner.host", *words]
