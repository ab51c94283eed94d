"""The commands of `python3 -m runner.host`: what `make up`, `make test` and `make check` begin with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from runner.host import elevate
from runner.host.child import run_with_signals
from runner.host.engine import STANDARD_SOCKET, EnginePlace, ensure_engine
from runner.host.errors import HostError
from runner.host.install import ensure
from runner.host.machine import Machine, look
from runner.host.needs import needs_to_run, needs_to_test
from runner.host.python import choose_python, digest, ensure_venv

REPOSITORY = Path(__file__).resolve().parent.parent.parent
VENV = REPOSITORY / ".venv"
RUNTIME_LOCK, DEV_LOCK = REPOSITORY / "requirements.txt", REPOSITORY / "requirements-dev.txt"
RUNTIME_MARKER, DEV_MARKER = "installed-requirements", "installed-requirements-dev"
USAGE = """usage: python3 -m runner.host COMMAND
  up [OPTION...]         prepare this machine and start Functory in the foreground
  prepare                install what running needs, and stop
  prepare-tests          install what the tests need, and stop
  venv [--dev]           only make the virtual environment
  with-engine COMMAND... run a command while a Docker engine runs"""


def run(words: Sequence[str]) -> int:
    """Carry out one command; what cannot be done is said in words, with exit status 1."""
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "up": up,
        "prepare": prepare,
        "prepare-tests": prepare_tests,
        "venv": make_venv,
        "with-engine": with_engine,
    }
    command = commands.get(words[0] if words else "")
    if command is None:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        return command(words[1:])
    except HostError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def up(words: Sequence[str]) -> int:
    """Prepare, then become `manage.py up`."""
    machine = look()
    elevate.as_root_if_possible(machine, ["up", *words])
    refuse_a_home_of_others(Path(os.environ.get("FUNCTORY_HOME") or REPOSITORY / "var"))
    prepare_to_run(machine)
    python = str(VENV / "bin" / "python")
    os.chdir(REPOSITORY)
    sys.stdout.flush()
    os.execv(python, [python, str(REPOSITORY / "manage.py"), "up", *words])  # noqa: S606


def refuse_a_home_of_others(home: Path) -> None:
    """What root keeps there (keys above all) is not for another user; raises HostError with the way out."""
    for place in (home, home / "keys"):
        if place.exists() and not os.access(place, os.R_OK | os.X_OK):
            raise HostError(
                f"{home} belongs to {place.owner()}: Functory ran here with other rights, and you may not read its "
                "keys.\nNothing was changed. Start it as before (with sudo: FUNCTORY_NO_SUDO unset), or give it "
                "another place:\n  FUNCTORY_HOME=~/functory-home make up"
            )


def prepare(words: Sequence[str]) -> int:
    """Packages and the environment for running."""
    machine = look()
    elevate.as_root_if_possible(machine, ["prepare", *words])
    prepare_to_run(machine)
    return 0


def prepare_to_run(machine: Machine) -> None:
    """Everything but the engine and the images, which `manage.py up` sees to."""
    ensure(needs_to_run(machine, has_venv=has_venv), machine)
    ensure_venv(VENV, [RUNTIME_LOCK], RUNTIME_MARKER)


def prepare_tests(words: Sequence[str]) -> int:
    """Packages and the environment for tests."""
    machine = look()
    elevate.as_root_if_possible(machine, ["prepare-tests", *words])
    ensure(needs_to_test(machine, has_venv=has_venv), machine)
    _ensure_dev_venv()
    return 0


def make_venv(words: Sequence[str]) -> int:
    """The environment alone; of packages only what it needs itself."""
    machine = look()
    needs = [need for need in needs_to_run(machine, has_venv=has_venv) if need.package == "python3-venv"]
    ensure(needs, machine)
    if "--dev" in words:
        _ensure_dev_venv()
    else:
        ensure_venv(VENV, [RUNTIME_LOCK], RUNTIME_MARKER)
    return 0


def with_engine(words: Sequence[str]) -> int:
    """Run the command with an engine, and stop the engine afterwards if it was started for it."""
    command_line = list(words[1:] if words[:1] == ["--"] else words)
    if not command_line:
        raise HostError(USAGE)
    place = EnginePlace(Path(os.environ.get("FUNCTORY_DOCKER_SOCKET") or STANDARD_SOCKET))
    engine = ensure_engine(place, REPOSITORY / "var" / "log" / "dockerd.log", has_systemd=look().has_systemd)
    try:
        return run_with_signals(command_line)
    finally:
        if engine.was_started_here:
            print("Stopping the Docker engine that was started for this.", flush=True)
        engine.stop()


def has_venv() -> bool:
    """Whether an environment exists or can be made."""
    return (VENV / "bin" / "pip").exists() or choose_python() is not None


def _ensure_dev_venv() -> None:
    """The development lock holds every pin of the other one, so both count as installed."""
    ensure_venv(VENV, [DEV_LOCK], DEV_MARKER)
    (VENV / RUNTIME_MARKER).write_text(digest([RUNTIME_LOCK]))
