"""The whole product on free ports in a home of its own: `manage.py up` as a person starts it, and the proof
that nothing is left when it has stopped."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from functions.config import REPOSITORY

READY_S = 240
STOP_S = 60
PASSWORD = re.compile(r"one-time password\W+(?:is\s+)?([a-z0-9]{5}(?:-[a-z0-9]{5}){3})", re.IGNORECASE)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, condition: Callable[[], object], limit_s: float) -> object:
    """The first true value of `condition`; fails with `what` after the limit."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError, OSError):
            if found := condition():
                return found
        time.sleep(0.1)
    raise AssertionError(f"not within {limit_s} s: {what}")


@dataclass
class Stack:
    """A running installation: two addresses and the first administrator's one-time password."""

    home: Path
    console: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    gateway: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    password: str = ""
    cookies: list[Any] = field(default_factory=list)  # of the administrator's session in a browser
    process: subprocess.Popen[bytes] | None = None

    @property
    def instance(self) -> str:
        return hashlib.sha256(str(self.home).encode()).hexdigest()[:8]

    @property
    def output(self) -> str:
        """All that the processes have printed."""
        path = self.home / "up.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("FUNCTORY_")
            and name not in {"DATABASE_URL", "TELEMETRY_DATABASE_URL", "REDIS_URL"}
        }
        return {
            **kept,
            "FUNCTORY_HOME": str(self.home),
            "FUNCTORY_CONSOLE": self.console.removeprefix("http://"),
            "FUNCTORY_GATEWAY": self.gateway.removeprefix("http://"),
            "FUNCTORY_PREWARM": "1",
            "FUNCTORY_WORKERS": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def start(self) -> None:
        """Start, and return once a person could log in and a function could run."""
        with (self.home / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(REPOSITORY / "manage.py"), "up"],
                cwd=REPOSITORY,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_for("the console and the gateway answer", self.ready, READY_S)
            if not self.password:
                self.password = str(wait_for("the one-time password is printed", self._printed_password, 20))
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self.output[-6000:]}") from error

    def ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"up ended with {self.process.returncode}:\n{self.output[-6000:]}")
        login = httpx.get(f"{self.console}/log-in", follow_redirects=True)
        health = httpx.get(f"{self.gateway}/_functory/health")
        return login.is_success and health.is_success and bool(health.json().get("ok"))

    def stop(self) -> int:
        """Ctrl-C, as a person stops it; returns how it ended. Kills the whole group if that takes too long."""
        process = self.process
        if process is None or process.poll() is not None:
            return process.returncode if process else 0
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError(f"up did not stop within {STOP_S} s:\n{self.output[-6000:]}") from None

    def leftovers(self) -> list[str]:
        """Everything of this installation that is still on the machine: outside of its home, and sockets in it."""
        label = f"label=functory.instance={self.instance}"
        containers = _lines("docker", "ps", "-aq", "--filter", label)
        networks = _lines("docker", "network", "ls", "-q", "--filter", label)
        tables = [line for line in _lines("nft", "list", "tables") if self.instance in line]
        mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if self._is_mine(line)]
        loops = [line for line in _lines("losetup", "-a") if self._is_mine(line)]
        sandboxes = Path("/run/functory") / self.instance
        run = (path for path in (self.home / "run").glob("*") if path.is_socket() or path.is_fifo())
        sockets = [str(path) for path in (sandboxes, *sandboxes.rglob("*"), *run) if path.exists()]
        processes = [words for words, around in _processes() if self._is_mine(words + around)]
        engine = [*(f"container {id_}" for id_ in containers), *(f"network {id_}" for id_ in networks)]
        return [*engine, *tables, *mounts, *loops, *sockets, *processes]

    def leave_nothing(self) -> None:
        """The kernel takes a moment over mounts and loop devices; then nothing may be left."""
        left = self.leftovers()
        until = time.monotonic() + 20
        while left and time.monotonic() < until:
            time.sleep(0.2)
            left = self.leftovers()
        assert left == []

    def _is_mine(self, line: str) -> bool:
        return str(self.home) in line or f"/run/functory/{self.instance}" in line

    def _printed_password(self) -> str:
        found = PASSWORD.search(self.output)
        return found[1] if found else ""


@contextlib.contextmanager
def running_stack() -> Iterator[Stack]:
    """An installation that is stopped and removed at the end; it fails if something is left behind."""
    home = Path(tempfile.mkdtemp(prefix="functory-stack-"))
    stack = Stack(home)
    try:
        stack.start()
        yield stack
        assert stack.stop() == 0, stack.output[-6000:]
        stack.leave_nothing()
    finally:
        stack.stop()
        _let_go_of_images(stack.instance)
        shutil.rmtree(home, ignore_errors=True)


def _let_go_of_images(instance: str) -> None:
    """What it held of users' images for its versions: by design it removes none, and here nobody else would."""
    held = _lines("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", f"functory-kept/{instance}")
    if held:
        subprocess.run(["docker", "rmi", *held], capture_output=True, check=False, timeout=60)


def _lines(*command: str) -> list[str]:
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return found.stdout.split("\n")[:-1] if found.stdout else []


def _processes() -> Iterator[tuple[str, str]]:
    """Of ours on this machine: what they are, and their environment, which tells whose."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (directory / "environ").read_bytes().decode(errors="replace")
            if "manage.py" in words or "redis-server" in words or "granian" in words:
                yield f"process {directory.name} {words}", environment
