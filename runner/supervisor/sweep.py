"""Clears away what an installation's own processes leave when they are killed: containers of sandboxes and builders,
then their mounts, loop devices and directories, then networks and rules. Only for when none of them runs."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from pathlib import Path

from docker import DockerClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from functions.config import Config
from runner.build.container import orphans, remove
from runner.sandbox.docker_driver import connect
from runner.sandbox.driver import DriverError
from runner.sandbox.egress import Egress
from runner.sandbox.engine.client import SandboxEngine
from runner.sandbox.recovery import recover

# A killed process's last request is still carried out by the engine: a container may appear after its maker died.
_SETTLE_S = 0.5


def sweep(config: Config) -> list[str]:
    """Remove all of it; returns what was done, a sentence each. Blocking; never raises: what the engine refuses
    now, the next start removes."""
    try:
        with closing(connect(config)) as client:
            removed = _remove_containers(client, config)
            Egress(config, client).remove()
    except (DriverError, DockerException, RequestException, OSError) as error:
        return [f"What was left behind could not be removed: {error}. The next start removes it."]
    with suppress(OSError):
        config.sandboxes.rmdir()
    return [f"Removed {removed} containers that a killed process had left."] if removed else []


def remove_sockets(*paths: Path) -> list[str]:
    """Remove sockets that a killed process no longer listens on; returns what was done, a sentence each."""
    left = [path for path in paths if path.is_socket()]
    for path in left:
        path.unlink(missing_ok=True)
    return [f"Removed {path}: nobody listens there any more." for path in left]


def _remove_containers(client: DockerClient, config: Config) -> int:
    """Look until nothing is found. A gateway that ended by itself has taken its directory down and leaves nothing
    to wait for."""
    removed, unsettled = 0, config.sandboxes.exists()
    while (found := _remove_once(client, config)) or unsettled:
        removed, unsettled = removed + found, False
        time.sleep(_SETTLE_S)
    return removed


def _remove_once(client: DockerClient, config: Config) -> int:
    builders = orphans(client, config.instance)
    for container_id, _ in builders:
        remove(client, container_id)
    return recover(SandboxEngine(client), config) + len(builders)
