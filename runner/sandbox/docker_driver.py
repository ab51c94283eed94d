"""The Docker driver: decides a container's plan, makes containers on threads, and keeps count of them. What a
container can do is in engine/; what it may reach is in egress."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import docker

from functions.config import Config
from functions.errors import FunctoryError
from runner.sandbox.addresses import resolvers
from runner.sandbox.driver import DriverError
from runner.sandbox.egress import SANDBOX_NETWORKS, Egress
from runner.sandbox.engine.check import EngineReport, check_engine
from runner.sandbox.engine.client import SandboxEngine
from runner.sandbox.engine.container import DockerContainer, Surroundings
from runner.sandbox.engine.home import SandboxHome
from runner.sandbox.engine.options import ContainerPlan
from runner.sandbox.engine.uids import Uids
from runner.sandbox.kernel.host import HostTools, open_host_tools
from runner.sandbox.kernel.wires import Wire
from runner.sandbox.recovery import recover
from runner.sandbox.spec import Limits, PoolKey

__all__ = ["DockerDriver", "EngineReport", "check_engine", "connect"]

# A generic sandbox only starts its language; it gets room for the largest one.
GENERIC = Limits(memory_mb=512)
_START_THREADS, _REMOVAL_THREADS, _KERNEL_THREADS = 4, 2, 2
_KEEP_RULES_S = 10
_LOG = logging.getLogger("functory.driver")
_PLAIN_RUNTIMES = frozenset({"", "runc", "crun", "io.containerd.runc.v2"})


def connect(config: Config) -> docker.DockerClient:
    """A client of the configured local engine; does not speak to it yet."""
    return docker.DockerClient(base_url=f"unix://{config.docker_socket}")


class DockerDriver:
    """Implements runner.sandbox.driver.Driver. `image_of` and `command_of` translate a runtime's name; what
    they raise for one that they do not know becomes a DriverError."""

    def __init__(
        self,
        config: Config,
        image_of: Callable[[str], str],
        command_of: Callable[[str], tuple[str, ...]],
        client: docker.DockerClient | None = None,
        launcher: Path | None = None,
    ) -> None:
        self._config, self._image_of, self._command_of = config, image_of, command_of
        self._client = client or connect(config)
        self._launcher = launcher or config.home / "bin" / "launcher"
        self._engine = SandboxEngine(self._client)
        self.egress = Egress(config, self._client)
        self._uids = Uids(own=os.geteuid())
        self._live: dict[str, DockerContainer] = {}
        self._slow = ThreadPoolExecutor(_START_THREADS, "engine")
        self._removals = ThreadPoolExecutor(_REMOVAL_THREADS, "removals")
        self._quick = ThreadPoolExecutor(_KERNEL_THREADS, "kernel")
        self._keeping: asyncio.Future[None] | None = None
        self._tools, self.tools_reason = self._open_tools()
        self._around = Surroundings(
            self._engine, self._tools, self._slow, self._removals, self._quick, self._forget
        )

    async def create(self, key: PoolKey) -> DockerContainer:
        """A started container of the key's runtime, about 100 ms; raises DriverError."""
        making = self._slow.submit(self._make, key)
        try:
            container = await asyncio.shield(asyncio.wrap_future(making))
        except asyncio.CancelledError:
            if not making.cancel():
                making.add_done_callback(_discard_unwanted)
            raise
        container.attend()
        if self._keeping is None:
            self._keeping = asyncio.ensure_future(self._keep_rules())
        return container

    async def recover(self) -> int:
        """Remove what an earlier run of this installation left; returns how many containers."""
        loop = asyncio.get_running_loop()
        keep = frozenset(self._live)
        return await loop.run_in_executor(self._slow, recover, self._engine, self._config, keep)

    def read_back(self, sandbox_id: str) -> dict[str, Any]:
        """What holds for a sandbox, read from the kernel; raises DriverError."""
        container = self._live.get(sandbox_id)
        if container is None:
            raise DriverError(f"There is no sandbox {sandbox_id[:40]}")
        held, memory_bytes = container.read_back()
        return {**asdict(held), "image": container.image, "memory_bytes": memory_bytes}

    def outdated(self) -> frozenset[str]:
        """Ids of the sandboxes whose runtime's image was made anew since they were. Blocking."""
        live = [one for one in list(self._live.values()) if one.image and not one.key.image]
        current = {
            name: self._engine.image_id(self._image_of(name)) for name in {one.key.runtime for one in live}
        }
        return frozenset(one.id for one in live if current[one.key.runtime] not in {"", one.image})

    async def close(self) -> None:
        """Remove all that this driver made, its networks too, then end its threads."""
        if self._keeping is not None:
            self._keeping.cancel()
        removals = [container.remove() for container in list(self._live.values())]
        ended = await asyncio.gather(*removals, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._slow, self.egress.close, SANDBOX_NETWORKS)
        self._slow.shutdown(wait=False)
        self._removals.shutdown(wait=False)
        self._quick.shutdown(wait=False)
        if self._tools is not None:
            self._tools.close()
        with suppress(OSError):
            self._config.sandboxes.rmdir()
        failures = [end for end in ended if isinstance(end, BaseException)]
        if failures:
            raise DriverError(f"{len(failures)} sandboxes could not be removed: {failures[0]}")

    def isolation(self) -> dict[str, str]:
        """What holds on this host, in words for the Security page; "" stands for "as designed"."""
        scratch = self.tools_reason if self._tools is None else self._tools.scratch_reason
        return {
            "late_binding": self.tools_reason,
            "freezer": self.tools_reason,
            "scratch_on_disk": scratch,
            "egress": self.egress.reason,
        }

    async def _keep_rules(self) -> None:
        """An engine's restart or an administrator's flush must not leave sandboxes unfiltered for long."""
        while True:
            await asyncio.sleep(_KEEP_RULES_S)
            try:
                await asyncio.get_running_loop().run_in_executor(self._slow, self.egress.keep)
            except DriverError:
                _LOG.exception("The rules of the sandboxes' networks are not in force")

    def _open_tools(self) -> tuple[HostTools | None, str]:
        if self._config.oci_runtime not in _PLAIN_RUNTIMES:
            return None, f"the OCI runtime {self._config.oci_runtime} keeps its mounts to itself"
        return open_host_tools(self._config.home / "scratch")

    def _make(self, key: PoolKey) -> DockerContainer:
        if not self._launcher.is_file():
            raise DriverError(f"The launcher {self._launcher} is missing; `make images` builds it")
        uid = self._uids.take()
        try:
            container = self._prepare(key, uid)
        except BaseException:
            self._uids.give_back(uid)
            raise
        self._live[container.id] = container
        if not container.starts_at_bind:
            self._start(container)
        return container

    def _prepare(self, key: PoolKey, uid: int) -> DockerContainer:
        sandbox_id = secrets.token_hex(6)
        image, command = self._translate(key)
        volumes = self._engine.volumes(key.image) if key.image else ()
        wire, network = self._connection(key.network)
        try:
            home = SandboxHome(self._config.sandboxes, sandbox_id, uid)
        except OSError as error:
            self._disconnect(wire)
            raise DriverError(f"No directory for a sandbox: {error}") from error
        plan = ContainerPlan(
            instance=self._config.instance,
            sandbox_id=sandbox_id,
            key=key,
            uid=uid,
            image=image,
            command=command,
            launcher=self._launcher,
            home=home.directory,
            network=network,
            wire=wire,
            resolvers=resolvers() if wire is not None else (),
            limits=GENERIC,
            oci_runtime=self._config.oci_runtime,
            volumes=volumes,
        )
        return DockerContainer(self._around, plan, home)

    def _connection(self, mode: str) -> tuple[Wire | None, str]:
        """A wire that we put in, and the engine's network, which then is none."""
        if self._tools is None or not self._tools.plugs:
            return None, self.egress.network(mode)
        return self.egress.wire(mode), "none"

    def _disconnect(self, wire: Wire | None) -> None:
        if wire is not None:
            self.egress.give_back(wire)

    def _translate(self, key: PoolKey) -> tuple[str, tuple[str, ...]]:
        try:
            return key.image or self._image_of(key.runtime), self._command_of(key.runtime)
        except (FunctoryError, LookupError, ValueError, RuntimeError) as error:
            raise DriverError(f"No sandbox for the runtime {key.runtime}: {error}") from error

    @staticmethod
    def _start(container: DockerContainer) -> None:
        try:
            container.start()
        except BaseException:
            container.discard()
            raise

    def _forget(self, container: DockerContainer) -> None:
        self._live.pop(container.id, None)
        self._uids.give_back(container.uid)
        self._disconnect(container.wire)


def _discard_unwanted(made: Future[DockerContainer]) -> None:
    """On the thread that made it: whoever asked for it has gone away in the meantime."""
    if made.exception() is None:
        made.result().discard()
