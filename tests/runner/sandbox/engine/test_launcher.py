"""The launcher, compiled and run without any container."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.sandbox.engine.home import SandboxHome

SOURCE = Path(__file__).parents[4] / "runner" / "sandbox" / "launcher" / "launcher.c"


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("no C compiler; the launcher is built in a container otherwise")
    binary = tmp_path_factory.mktemp("launcher") / "launcher"
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", binary, SOURCE], check=True)
    return binary


@pytest.fixture
def home(tmp_path: Path) -> Iterator[SandboxHome]:
    home = SandboxHome(tmp_path / "s", "5e1f", os.geteuid())
    yield home
    home.free()


def launch(launcher: Path, home: SandboxHome, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([launcher, home.directory, *command])


def test_both_outputs_go_to_the_fifo_and_the_status_comes_back(launcher: Path, home: SandboxHome) -> None:
    home.say_go()
    process = launch(launcher, home, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert process.wait() == 7
    assert home.exit_status() == 7
    assert os.read(home.output, 100) == b"out\nerr\n"


def test_nothing_runs_before_the_word(launcher: Path, home: SandboxHome) -> None:
    process = launch(launcher, home, "echo", "begun")
    assert home.exit_status() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    with pytest.raises(BlockingIOError):
        os.read(home.output, 100)
    home.say_go()
    assert process.wait() == 0
    assert os.read(home.output, 100) == b"begun\n"


def test_death_by_signal_is_told_as_a_shell_tells_it(launcher: Path, home: SandboxHome) -> None:
    home.say_go()
    assert launch(launcher, home, "sh", "-c", "kill -KILL $$").wait() == 128 + signal.SIGKILL
    assert home.exit_status() == -signal.SIGKILL


def test_a_command_that_is_missing_is_named_in_the_output(launcher: Path, home: SandboxHome) -> None:
    home.say_go()
    assert launch(launcher, home, "/no/such/runtime").wait() == 127
    assert b"/no/such/runtime" in os.read(home.output, 1000)


def test_without_a_command_it_does_nothing(launcher: Path, home: SandboxHome) -> None:
    assert subprocess.run([launcher, home.directory], check=False).returncode == 64
