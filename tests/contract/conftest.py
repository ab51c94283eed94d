"""One suite for every driver: real containers, and processes in namespaces of their own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.config import REPOSITORY, Config
from runner.sandbox.driver import Driver
from tests.support import probe, sandboxes
from tests.support.process_driver import ProcessDriver


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module", params=[pytest.param("docker", marks=pytest.mark.docker), "process"])
def driver(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Iterator[Driver]:
    with sandboxes.sandbox_config() as config:
        made = make_driver(request.param, config)
        yield made
        runner.run(made.close())


def make_driver(kind: str, config: Config) -> Driver:
    if kind == "docker":
        return sandboxes.docker_driver(config, probe.COMMAND)
    if os.geteuid() != 0:
        pytest.skip("namespaces need root")
    if shutil.which("gcc") is None or not Path("/usr/bin/python3").exists():
        pytest.skip("needs gcc and Debian's Python")
    return ProcessDriver(config, lambda _runtime: probe.COMMAND, compile_launcher(config))


def compile_launcher(config: Config) -> Path:
    binary = config.home / "launcher"
    source = REPOSITORY / "runner" / "sandbox" / "launcher" / "launcher.c"
    subprocess.run(["gcc", "-static", "-O2", "-o", binary, source], check=True)
    return binary


@pytest.fixture
def made(driver: Driver, runner: asyncio.Runner) -> Iterator[sandboxes.Sandboxes]:
    made = sandboxes.Sandboxes(driver, runner)
    yield made
    made.remove_all()


@pytest.fixture
def code(tmp_path: Path) -> Path:
    directory = tmp_path / "code"
    directory.mkdir()
    (directory / "handler.py").write_text("answer = 42\n")
    return directory
