"""Keeps the planned processes running: one loop over their pipes and ends, without threads. Restarts what dies,
with back-off; stops stage by stage. Knows no process by name."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.supervisor.child import Child
from runner.supervisor.plan import ChildPlan

BACKOFF_FIRST_S, BACKOFF_MOST_S, STEADY_S = 0.5, 30.0, 60.0
# Two requests within this are one, which arrived by two ways.
ONE_PRESS_S = 0.5
SETTLED_S = 2.0
_TICK_S = 0.2


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What starting a process takes besides its plan."""

    folder: Path
    lock: int
    prefix: Callable[[ChildPlan], Sequence[str]]
    environment: Callable[[ChildPlan], dict[str, str]]
    write: Callable[[str, str], None]


class Slot:
    """One plan and its process, if it runs now."""

    def __init__(self, plan: ChildPlan) -> None:
        self.plan = plan
        self.child: Child | None = None
        self.is_ready = False
        self.failures = 0
        self.start_at = 0.0
        self.kill_at = float("inf")

    def delay_s(self, lived_s: float) -> float:
        """How long to wait before the next start; one that ran for a while begins anew."""
        self.failures = 0 if lived_s >= STEADY_S else self.failures
        delay = min(BACKOFF_MOST_S, BACKOFF_FIRST_S * float(2**self.failures))
        self.failures += 1
        return delay


class Supervisor:
    """Add plans, `wait_ready`, `run` until `ask_to_stop`, `stop`."""

    def __init__(self, surroundings: Surroundings, settled_s: float = SETTLED_S) -> None:
        self._settled_s = settled_s
        self._around = surroundings
        self._slots: list[Slot] = []
        self._selector = selectors.DefaultSelector()
        self._stop_asked = 0
        self._asked_at = float("-inf")
        self._stopping = False
        # A signal that arrives between a check and the wait still wakes the wait.
        self._woken, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain)

    def add(self, plans: Sequence[ChildPlan]) -> None:
        """Start these too; they are started at once, in this order."""
        for plan in plans:
            slot = Slot(plan)
            self._slots.append(slot)
            self._start(slot)

    def ask_to_stop(self) -> None:
        """May be called from a signal handler; a second time means at once. One Ctrl-C may arrive twice: from
        the terminal and passed on by sudo."""
        now = time.monotonic()
        if now - self._asked_at >= ONE_PRESS_S:
            self._stop_asked += 1
        self._asked_at = now
        os.write(self._waker, b"s")

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop_asked > 0

    def wait_ready(self, limit_s: float) -> list[str]:
        """Serve until all have answered; returns those that did not in time, or when asked to stop."""
        until = time.monotonic() + limit_s
        while waiting := [slot.plan.name for slot in self._slots if not slot.is_ready]:
            if self._stop_asked or time.monotonic() > until:
                return waiting
            self._turn()
        return []

    def run(self) -> None:
        """Serve until asked to stop."""
        while not self._stop_asked:
            self._turn()

    def stop(self) -> None:
        """End every process, stage by stage; each has its grace, then it is killed, and what it left is cleared
        away. Leaves nothing."""
        self._stopping = True
        asked_before = self._stop_asked
        for stage in sorted({slot.plan.stage for slot in self._slots}):
            slots = [slot for slot in self._slots if slot.plan.stage == stage]
            self._end(slots)
            while any(slot.child for slot in slots):
                if self._stop_asked > max(1, asked_before):
                    self._hurry()
                self._turn()
            self._clear_away(slots)
        self._selector.close()
        os.close(self._woken)
        os.close(self._waker)

    def pids(self) -> dict[str, int]:
        """The running processes."""
        return {slot.plan.name: slot.child.pid for slot in self._slots if slot.child}

    def _end(self, slots: list[Slot]) -> None:
        for slot in slots:
            if slot.child:
                self._say(f"stopping {slot.plan.name}")
                slot.kill_at = time.monotonic() + slot.plan.grace_s
                slot.child.signal(signal.SIGTERM)

    def _clear_away(self, slots: list[Slot]) -> None:
        """Also for one that was killed before the stop and not started again."""
        for slot in slots:
            for note in slot.plan.after_stop() if slot.plan.after_stop else []:
                self._say(note)

    def _hurry(self) -> None:
        for slot in self._slots:
            slot.kill_at = 0.0

    def _turn(self) -> None:
        """Serve what has happened, wait at most a tick if nothing has."""
        for key, _ in self._selector.select(_TICK_S):
            # An end that was served before may have closed this one.
            if key.fd in self._selector.get_map():
                key.data()
        now = time.monotonic()
        for slot in self._slots:
            self._look_after(slot, now)

    def _look_after(self, slot: Slot, now: float) -> None:
        if slot.child is None:
            if not self._stopping and now >= slot.start_at:
                self._start(slot)
        elif now >= slot.kill_at:
            self._say(f"{slot.plan.name} does not end: killing it")
            slot.kill_at = float("inf")
            slot.child.kill()
        elif not slot.is_ready and not self._stopping:
            slot.is_ready = self._is_ready(slot, slot.child)

    def _is_ready(self, slot: Slot, child: Child) -> bool:
        """One without a question of its own counts as ready once it has not failed at its start."""
        if slot.plan.is_ready is None:
            return child.lived_s >= self._settled_s
        return slot.plan.is_ready()

    def _start(self, slot: Slot) -> None:
        plan, around = slot.plan, self._around
        for note in plan.before_start() if plan.before_start else []:
            self._say(note)
        command = [*around.prefix(plan), *plan.command]
        try:
            child = Child(
                command, around.environment(plan), folder=around.folder, log=plan.log, lock=around.lock
            )
        except OSError as error:
            slot.start_at = time.monotonic() + slot.delay_s(0)
            self._say(f"{plan.name} cannot be started: {error}")
            return
        slot.child, slot.is_ready, slot.kill_at = child, False, float("inf")
        self._selector.register(child.end, selectors.EVENT_READ, lambda: self._ended(slot, child))
        if child.output is not None:
            self._selector.register(child.output, selectors.EVENT_READ, lambda: self._read(slot, child))

    def _read(self, slot: Slot, child: Child) -> bool:
        assert child.output is not None
        more = child.read(lambda line: self._around.write(slot.plan.name, line))
        if not more:
            self._selector.unregister(child.output)
        return more

    def _ended(self, slot: Slot, child: Child) -> None:
        self._read_the_rest(slot, child)
        self._selector.unregister(child.end)
        status = child.reap()
        slot.child, slot.is_ready = None, False
        if self._stopping:
            return
        delay = slot.delay_s(child.lived_s)
        slot.start_at = time.monotonic() + delay
        self._say(f"{slot.plan.name} {describe(status)}; starting it again in {delay:g} s")

    def _read_the_rest(self, slot: Slot, child: Child) -> None:
        """Its last words are already in the pipe; what a grandchild may still write is not waited for."""
        if child.output is None or child.output not in self._selector.get_map():
            return
        for _ in range(64):
            if not self._read(slot, child) or not _readable(child.output):
                break
        if child.output in self._selector.get_map():
            self._selector.unregister(child.output)

    def _drain(self) -> None:
        os.read(self._woken, 64)

    def _say(self, text: str) -> None:
        self._around.write("up", text)


def _readable(descriptor: int) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(0))


def describe(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"ended with exit status {status}"
    return f"was killed by {signal.Signals(-status).name}"
