"""Fixtures of real sandboxes with a probe inside, for tests marked `docker`. Import them into the conftest.py of the
folder that needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from functions.config import Config
from runner.sandbox.docker_driver import DockerDriver
from tests.support import probe, sandboxes


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def sandbox_config() -> Iterator[Config]:
    with sandboxes.sandbox_config() as config:
        yield config


@pytest.fixture(scope="module")
def driver(sandbox_config: Config, runner: asyncio.Runner) -> Iterator[DockerDriver]:
    driver = sandboxes.docker_driver(sandbox_config, probe.COMMAND)
    yield driver
    runner.run(driver.close())
    assert sandboxes.containers_of(sandbox_config) == []
