"""Every test attacks from one sandbox while another, its neighbour, must go on answering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from runner.sandbox.docker_driver import DockerDriver
from runner.sandbox.spec import CodeMount, Limits
from tests.support import sandboxes
from tests.support.probe import Probe
from tests.support.sandbox_fixtures import driver, runner, sandbox_config

LIMITS = Limits(128)


__all__ = ["driver", "runner", "sandbox_config"]


@pytest.fixture(scope="module")
def bind_code(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Probe], Probe]:
    code = tmp_path_factory.mktemp("trees") / "code"
    code.mkdir()
    (code / "handler.py").write_text("answer = 42\n")

    def bind(sandbox: Probe) -> Probe:
        runner.run(sandbox.container.bind((CodeMount(code, "/var/task"),), LIMITS))
        return sandbox

    return bind


@pytest.fixture(scope="module")
def neighbour(
    driver: DockerDriver, runner: asyncio.Runner, bind_code: Callable[[Probe], Probe]
) -> Iterator[Probe]:
    made = sandboxes.Sandboxes(driver, runner)
    yield bind_code(made.make("internet"))
    made.remove_all()


@pytest.fixture
def attacker(
    driver: DockerDriver, runner: asyncio.Runner, bind_code: Callable[[Probe], Probe], neighbour: Probe
) -> Iterator[Probe]:
    """A bound sandbox for one attack that may end it."""
    made = sandboxes.Sandboxes(driver, runner)
    yield bind_code(made.make("internet"))
    assert_unharmed(neighbour)
    made.remove_all()


@pytest.fixture(scope="module")
def captive(
    driver: DockerDriver, runner: asyncio.Runner, bind_code: Callable[[Probe], Probe], neighbour: Probe
) -> Iterator[Probe]:
    """A bound sandbox for the many attempts that are refused and change nothing."""
    made = sandboxes.Sandboxes(driver, runner)
    yield bind_code(made.make("internet"))
    assert_unharmed(neighbour)
    made.remove_all()


def assert_unharmed(neighbour: Probe) -> None:
    """It computes, writes, starts processes and has its code."""
    assert neighbour.ask("result = sum(range(100_000))") == 4_999_950_000
    assert neighbour.ask("result = open('/tmp/note', 'w').write('x' * 1_000_000)") == 1_000_000
    assert neighbour.ask("import subprocess; result = subprocess.getoutput('echo alive')") == "alive"
    assert neighbour.ask("import os; result = os.listdir('/var/task')") == ["handler.py"]
