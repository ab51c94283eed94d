"""Runs phases of pytest, in lanes that go beside one another: a lane's phases come one after the other, and all run
whatever the earlier ones said. Lanes are shown one after another as well, each as it comes. Knows no suite by name."""

from __future__ import annotations

import contextlib
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
NO_TESTS = 5
LIMIT_S = 50 * 60
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
_LAST_LINE = re.compile(r"^=+ .*(passed|failed|error|no tests ran|deselected).* in .*=+$")


@dataclass(frozen=True)
class Phase:
    """One run of pytest; `command` is a module that runs it in surroundings of its own. `folders` hold all of its
    tests: each process of a phase would import the others only to leave them out."""

    title: str
    words: tuple[str, ...]
    needs_images: bool = False
    command: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def arguments(self, paths: Sequence[str]) -> list[str]:
        """The command line, with the output in colours where ours is a terminal."""
        module = ("-m", *self.command, "pytest") if self.command else ("-m", "pytest")
        colour = "--color=yes" if sys.stdout.isatty() else "--color=no"
        return [
            sys.executable,
            *module,
            colour,
            "-o",
            "faulthandler_timeout=600",
            *self.words,
            *(paths or self.folders),
        ]


@dataclass
class Run:
    """What the phases of a suite came to, and the children that run now."""

    codes: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("passed", "failed", "skipped"), 0))
    children: list[subprocess.Popen[str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: bool = False

    def stop(self, act: Callable[[subprocess.Popen[str]], None]) -> None:
        """Act on every child that runs, and begin no other phase."""
        self.stopped = True
        for child in list(self.children):
            if child.poll() is None:
                act(child)

    def note(self, code: int, counted: dict[str, int]) -> None:
        """One phase has ended."""
        with self.lock:
            self.codes.append(code)
            for kind, number in counted.items():
                self.counts[kind] += number

    def verdict(self) -> int:
        """The first failure. A phase without tests is none (paths may have been named), a run without tests is."""
        failures = [code for code in self.codes if code not in {0, NO_TESTS}]
        if failures:
            return failures[0] if failures[0] > 0 else 1
        return 0 if self.counts["passed"] else NO_TESTS


class Lane:
    """Phases one after another in a thread of their own; their lines wait until somebody shows them."""

    def __init__(self, run: Run, phases: Sequence[Phase], paths: Sequence[str]) -> None:
        self._run, self._phases, self._paths = run, phases, paths
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def show(self) -> None:
        """Every line so far and to come, until the lane's end."""
        while (line := self._lines.get()) is not None:
            sys.stdout.write(line)
            sys.stdout.flush()

    def _say(self, text: str) -> None:
        self._lines.put(text + "\n")

    def _work(self) -> None:
        try:
            for phase in self._phases:
                if not self._run.stopped:
                    self._run.note(*self._one(phase))
        finally:
            self._lines.put(None)

    def _one(self, phase: Phase) -> tuple[int, dict[str, int]]:
        """One phase; its exit status and what it counted."""
        self._say(f"\n── {phase.title} ──")
        if phase.needs_images and (code := self._images()) != 0:
            return code, {"failed": 1}
        began = time.monotonic()
        code, counted = self._child(phase.arguments(self._paths))
        self._say(f"── {phase.title}: exit status {code} after {time.monotonic() - began:.0f} s ──")
        return code, counted

    def _images(self) -> int:
        """Have those of every start made, and those of custom runtimes, which many tests use; an exit status."""
        for chosen in ((), ("provided.al2023",)):
            code, _ = self._child([sys.executable, "manage.py", "images", *chosen])
            if code != 0:
                return code
        return 0

    def _child(self, command: Sequence[str]) -> tuple[int, dict[str, int]]:
        counted: dict[str, int] = {}
        child = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True, errors="replace",
        )  # fmt: skip
        self._run.children.append(child)
        assert child.stdout is not None
        for line in child.stdout:
            self._lines.put(line)
            counted = count(line) or counted
        return child.wait(), counted


def run_lanes(lanes: Sequence[Sequence[Phase]], paths: Sequence[str]) -> Run:
    """All lanes at once; returns when the last has ended and is shown."""
    run = Run()
    with limited(run):
        started = [Lane(run, phases, paths) for phases in lanes]
        for lane in started:
            lane.start()
        for lane in started:
            lane.show()
    return run


def count(line: str) -> dict[str, int] | None:
    """The numbers in pytest's closing line; None for any other line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
    if not _LAST_LINE.match(plain):
        return None
    found: dict[str, int] = {}
    for number, kind in _COUNT.findall(plain):
        name = "failed" if kind.startswith("error") else kind
        found[name] = found.get(name, 0) + int(number)
    return found


@contextlib.contextmanager
def limited(run: Run) -> Iterator[None]:
    """A suite that hangs is interrupted, so that it still says where, and then killed. Whoever ends this process
    ends its phases."""

    def ring(*_: object) -> None:
        say(f"── stopped: not done after {LIMIT_S // 60} minutes ──")
        run.stop(lambda child: child.send_signal(signal.SIGINT))
        signal.signal(signal.SIGALRM, lambda *_: run.stop(subprocess.Popen.kill))
        signal.alarm(60)

    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGTERM, lambda *_: run.stop(subprocess.Popen.terminate))
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        run.stop(subprocess.Popen.kill)


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
