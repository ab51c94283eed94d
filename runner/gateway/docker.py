"""The Docker driver with the runtime table's images and commands, opened once the engine answers, and its
upkeep. Imported by main alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.errors import DockerException

from functions.config import Config
from functions.container_images import PinnedImage
from functions.errors import FunctoryError
from functions.runtimes import runtime
from runner.client import LocalImage
from runner.images.catalog import image_reference
from runner.images.errors import ImageError
from runner.images.users import UserImages
from runner.sandbox.docker_driver import DockerDriver, EngineReport, check_engine, connect
from runner.sandbox.driver import Container, DriverError
from runner.sandbox.engine.words import engine_words
from runner.sandbox.spec import PoolKey

_UNOPENED = EngineReport("The Docker engine has not answered yet.")


def image_of(name: str) -> str:
    """The image of a runtime; raises DriverError."""
    try:
        return image_reference(name)
    except ImageError as error:
        raise DriverError(str(error)) from error


def command_of(name: str) -> tuple[str, ...]:
    """What starts inside; raises DriverError."""
    try:
        return runtime(name).command
    except FunctoryError as error:
        raise DriverError(error.message) from error


class DockerEngine:
    """A driver that is there before its engine is: the client library speaks to the engine when it is made,
    so that is left to `recover`, which is tried until it works."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._client: DockerClient | None = None
        self._driver: DockerDriver | None = None

    async def create(self, key: PoolKey) -> Container:
        """A started container; raises DriverError."""
        return await self._opened().create(key)

    async def recover(self) -> int:
        """Open the driver if it is not yet, and remove what an earlier run left; raises DriverError."""
        if self._driver is None:
            self._driver = await asyncio.to_thread(self._open)
        return await self._driver.recover()

    def read_back(self, sandbox_id: str) -> dict[str, Any]:
        """What holds for a sandbox; raises DriverError."""
        return self._opened().read_back(sandbox_id)

    def outdated(self) -> frozenset[str]:
        """Sandboxes whose image was made anew; raises DriverError."""
        return self._opened().outdated()

    async def close(self) -> None:
        """Remove all that was made."""
        if self._driver is not None:
            await self._driver.close()

    def upkeep(self) -> dict[str, Any]:
        """Look at the engine, put its rules back, and say what holds. Blocking; raises DriverError."""
        driver = self._opened()
        report = check_engine(self._client, self._config.docker_socket) if self._client else _UNOPENED
        if not report.usable:
            raise DriverError(report.reason)
        driver.egress.keep()
        return {
            **driver.isolation(),
            "engine": report.version,
            "cgroup": report.cgroup_version,
            "egress": driver.egress.reason,
            "rules": driver.egress.read_back(),
        }

    def _open(self) -> DockerDriver:
        try:
            self._client = connect(self._config)
            return DockerDriver(self._config, image_of, command_of, self._client)
        except (DockerException, OSError) as error:
            raise DriverError(engine_words(error, self._config.docker_socket)) from error

    def _opened(self) -> DockerDriver:
        if self._driver is None:
            raise DriverError(_UNOPENED.reason)
        return self._driver


class EngineImages:
    """Implements internal.Images, with a connection for each question: they are rare, and the engine may restart."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def local(self) -> list[LocalImage]:
        """Those that are there; raises ImageError."""
        with UserImages(self._socket) as images:
            return images.local()

    def pin(self, uri: str) -> PinnedImage:
        """What a name means now; raises FunctoryError or ImageError."""
        with UserImages(self._socket) as images:
            return images.pin(uri)
