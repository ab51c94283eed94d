"""An installation whose surroundings fail when asked to: its disk is small and can be filled, its engine's socket
can be taken away, and its processes are found by their home. Needs root."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.engine_door import EngineDoor
from tests.support.product import Product
from tests.support.stack import Stack, wait_for

DISK = "300m"
NAMES = ("gateway", "worker", "recorder", "scheduler")


@dataclass
class FaultyStack(Stack):
    """A stack whose surroundings fail when asked to."""

    door: EngineDoor | None = None

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "FUNCTORY_DOCKER_SOCKET": str(self.engine)}

    @property
    def engine(self) -> Path:
        return self.home.parent / "engine.sock"

    def give_engine(self) -> None:
        self.door = EngineDoor(self.engine)

    def take_engine(self) -> None:
        assert self.door is not None
        self.door.close()

    def fill_disk(self) -> None:
        """Write until nothing fits any more."""
        with (self.home / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(1 << 16))

    def free_disk(self) -> None:
        (self.home / "filler").unlink()

    def pids(self) -> dict[str, int]:
        """The leading process of each part by name, the supervisor's as `up`."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                name = self._name(entry)
                if name and (name == "up" or os.getsid(int(entry.name)) == int(entry.name)):
                    found[name] = int(entry.name)
        return found

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a part a signal; returns its pid."""
        pid = self.pids()[name]
        os.kill(pid, number)
        return pid

    def kill_everything(self) -> None:
        """As a power cut: first the supervisor, so that nothing is started again, then all it has started."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ProcessLookupError):
                if self._is_of_home(entry):
                    os.kill(int(entry.name), signal.SIGKILL)
        wait_for("all are dead", lambda: not self.pids(), 20)

    def _is_of_home(self, entry: Path) -> bool:
        wanted = f"FUNCTORY_HOME={self.home}\0".encode()
        words = (entry / "cmdline").read_bytes()
        ours = b"manage.py" in words or b"granian" in words or b"redis-server" in words
        return ours and (wanted in (entry / "environ").read_bytes() or str(self.home).encode() in words)

    def _name(self, entry: Path) -> str:
        if not self._is_of_home(entry):
            return ""
        words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        if "redis-server" in words:
            return "redis"
        if "granian" in words:
            relay = b"FUNCTORY_WEB_ROLE=relay" in (entry / "environ").read_bytes()
            return "relay" if relay else "web"
        return next((name for name in (*NAMES, "up") if f"manage.py {name}" in words), "")


@contextlib.contextmanager
def running_faulty_stack() -> Iterator[Product]:
    """The installation, running, with members and one function that sleeps as long as it is told."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    place = Path(tempfile.mkdtemp(prefix="ff-", dir="/tmp"))
    home = place / "home"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "none", str(home)], check=True)
    place.chmod(0o755)
    stack = FaultyStack(home)
    stack.give_engine()
    try:
        stack.start()
        running = Product(stack)
        running.populate()
        running.create("naps", NAPS, Timeout=10)
        yield running
        assert stack.stop() == 0, stack.output[-6000:]
        with contextlib.suppress(AssertionError):
            wait_for("nothing but the disk is left", lambda: not left_of(stack), 20)
        assert not (left := left_of(stack)), left
    finally:
        stack.stop()
        remove_remains(stack)
        stack.take_engine()
        subprocess.run(["umount", "-l", str(home)], check=False)
        shutil.rmtree(place, ignore_errors=True)


def left_of(stack: Stack) -> list[str]:
    """What is left of it on the machine, apart from its small disk."""
    return [line for line in stack.leftovers() if f" {stack.home} tmpfs" not in line]


def remove_remains(stack: Stack) -> None:
    """What a failed test has left of this installation, so that it harms no later one."""
    label = f"label=functory.instance={stack.instance}"
    for kind, remove in (("ps -aq", "rm -f"), ("network ls -q", "network rm")):
        found = output_of("docker", *kind.split(), "--filter", label).split()
        if found:
            output_of("docker", *remove.split(), *found)
    for line in output_of("nft", "list", "tables").splitlines():
        if stack.instance in line:
            output_of("nft", "delete", *line.split())
    shutil.rmtree(Path("/run/functory") / stack.instance, ignore_errors=True)


def output_of(*command: str) -> str:
    """What a command prints, whether or not it succeeds."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


NAPS = """import time
def lambda_handler(event, context):
    time.sleep(event.get('s', 0))
    return event
"""
