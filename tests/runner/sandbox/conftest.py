"""Real sandboxes for the tests of this folder; modules that use them are marked `docker`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from runner.sandbox.docker_driver import DockerDriver
from tests.support import sandboxes
from tests.support.sandbox_fixtures import driver, runner, sandbox_config

__all__ = ["driver", "runner", "sandbox_config"]


@pytest.fixture
def made(driver: DockerDriver, runner: asyncio.Runner) -> Iterator[sandboxes.Sandboxes]:
    made = sandboxes.Sandboxes(driver, runner)
    yield made
    made.remove_all()
