"""The Docker driver with the runtime table's images and commands, and its upkeep. Imported by main alone."""

from __future__ import annotations

from typing import Any

from functions.config import Config
from functions.errors import FunctoryError
from functions.runtimes import runtime
from runner.gateway.engine import Upkeep
from runner.images.catalog import image_reference
from runner.images.errors import ImageError
from runner.sandbox.docker_driver import DockerDriver, check_engine, connect
from runner.sandbox.driver import Driver, DriverError


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


def open_driver(config: Config) -> tuple[Driver, Upkeep]:
    """The driver and what keeps its engine in order."""
    client = connect(config)
    driver = DockerDriver(config, image_of, command_of, client)

    def upkeep() -> dict[str, Any]:
        report = check_engine(client)
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

    return driver, upkeep
