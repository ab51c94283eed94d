"""Whether a Docker engine is one that Functory can use: local, rootful, Linux. Only asks; changes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from runner.sandbox.engine.words import engine_words


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What the engine is; `reason` is empty when it can be used, else one sentence for the operator."""

    reason: str
    version: str = ""
    cgroup_version: str = ""
    cgroup_driver: str = ""
    runtimes: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether sandboxes can run on it."""
        return not self.reason


def check_engine(client: docker.DockerClient, socket: Path | None = None) -> EngineReport:
    """Ask the engine at `socket` about itself. Sockets, FIFOs and mounts are shared with the sandboxes, so an
    engine on another machine, in a virtual machine or in a user namespace is refused."""
    address = str(client.api.base_url)
    if not address.startswith("http+docker://"):
        return EngineReport(f"The engine at {address} is not local: a unix socket is needed.")
    try:
        facts: dict[str, Any] = client.info()
        components = client.version().get("Components") or []
    except (docker.errors.DockerException, OSError) as error:
        return EngineReport(engine_words(error, socket))
    return EngineReport(
        _refusal(facts, [str(c.get("Name", "")) for c in components]),
        version=str(facts.get("ServerVersion", "")),
        cgroup_version=str(facts.get("CgroupVersion", "1")),
        cgroup_driver=str(facts.get("CgroupDriver", "")),
        runtimes=tuple(sorted(facts.get("Runtimes") or {})),
    )


def _refusal(facts: dict[str, Any], components: list[str]) -> str:
    options = " ".join(facts.get("SecurityOptions") or [])
    if facts.get("OSType") != "linux":
        return f"The engine runs {facts.get('OSType')} containers; Linux is needed."
    if "name=rootless" in options:
        return "The engine is rootless; sockets, mounts and control groups need a rootful one."
    if "name=userns" in options:
        return "The engine remaps users (userns-remap); sandboxes need their own real uids."
    if "Docker Desktop" in str(facts.get("OperatingSystem")):
        return "Docker Desktop keeps its engine in a virtual machine; a local engine is needed."
    if any("Podman" in name for name in components):
        return "Podman answers at this socket; Docker's engine is needed."
    if facts.get("KernelVersion") not in {"", None, os.uname().release}:
        return "The engine runs on another machine's kernel; a local engine is needed."
    return ""
