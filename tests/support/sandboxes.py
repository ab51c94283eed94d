"""What tests with real sandboxes need: an engine, an image with Python, the launcher, and a home of their own
whose containers and networks are gone afterwards."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from functions.config import Config
from runner.images import catalog
from runner.images.engine import ImageEngine
from runner.images.launcher import ensure_launcher
from runner.images.recipes import launcher_recipe
from runner.sandbox.docker_driver import DockerDriver, connect
from runner.sandbox.driver import Driver
from runner.sandbox.spec import PoolKey
from tests.support.probe import Probe

RUNTIME = "python3.13"


def image_of(runtime: str) -> str:
    """The runtime's image, or an older one of it: these tests only need its interpreter."""
    wanted = catalog.image_reference(runtime)
    client: docker.DockerClient = docker.from_env()
    tags = [tag for image in client.images.list(wanted.partition(":")[0]) for tag in image.tags]
    client.close()
    return wanted if wanted in tags or not tags else tags[0]


@contextmanager
def sandbox_config() -> Iterator[Config]:
    """A configuration whose home is short and vanishes."""
    home = tempfile.mkdtemp(prefix="fy-")
    config = Config.from_environ({"FUNCTORY_HOME": home})
    try:
        yield config
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(config.sandboxes, ignore_errors=True)


def launcher_in(config: Config) -> Path:
    """The launcher, taken from its image."""
    path = config.home / "bin" / "launcher"
    with ImageEngine(config.docker_socket) as engine:
        ensure_launcher(engine, launcher_recipe(), path)
    return path


def docker_driver(config: Config, command: tuple[str, ...]) -> DockerDriver:
    """A driver whose every runtime is one command in the Python image."""
    launcher_in(config)
    return DockerDriver(config, image_of, lambda _runtime: command)


def containers_of(config: Config) -> list[str]:
    """Names of all containers with this installation's label, running or not."""
    client: docker.DockerClient = connect(config)
    listed = client.api.containers(all=True, filters={"label": f"functory.instance={config.instance}"})
    client.close()
    return [str(item["Names"][0]) for item in listed]


class Sandboxes:
    """Makes sandboxes for one test and removes them after it."""

    def __init__(self, driver: Driver, runner: asyncio.Runner) -> None:
        self._driver, self._runner = driver, runner
        self._made: list[Probe] = []

    def make(self, network: str = "none") -> Probe:
        container = self._runner.run(self._driver.create(PoolKey(RUNTIME, network)))
        met = Probe.meet(container)
        self._made.append(met)
        return met

    def remove_all(self) -> None:
        for made in self._made:
            made.close()
            self._runner.run(made.container.remove())
