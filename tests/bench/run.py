"""What the cases share: the two systems, generators, how often and how long, and the interleaving of measurements."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tests.bench.figures import FLOOR, FUNCTORY, Bar, Row
from tests.bench.floor import Floor
from tests.bench.functory import Functory
from tests.bench.load import Generator, Job, Measured
from tests.bench.processes import cpu_s

WARMING_S = 0.3  # cold starts belong to their own case


@dataclass
class Bench:
    """One run. `floors` are by memory in MB."""

    functory: Functory
    floors: dict[int, Floor]
    generator: Generator
    second: Generator
    rounds: int = 3
    seconds: float = 0.8
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: dict[str, list[float]] = field(default_factory=dict)
    fronts: dict[int, int] = field(default_factory=dict)  # processes of other floors, by port
    shares: list[float] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """One more row, told at once."""
        self.rows.append(row)

    def alternate(
        self, jobs: Mapping[str, Job], seen: Callable[[str, Measured], object]
    ) -> dict[str, list[Measured]]:
        """Each job once a round, in turn; `seen` is told. Before the first of a round the recorder has stored what
        there was, so that no system runs beside the other's leftovers. `used` then tells what a call cost the
        process in front, in microseconds of processor time: on a busy machine the steadiest figure."""
        found: dict[str, list[Measured]] = {name: [] for name in jobs}
        self.used = {name: [] for name in jobs}
        for name, job in jobs.items():
            seen(name, self.generator.run(replace(job, seconds=WARMING_S)))
        for _ in range(self.rounds):
            self.functory.settle()
            for name, job in jobs.items():
                before = cpu_s(self.front(name, job))
                measured = self.generator.run(job)
                spent = cpu_s(self.front(name, job)) - before
                self.used[name].append(spent * 1e6 / max(1, sum(measured.answered.values())))
                self.shares.append(measured.cpu_share)
                seen(name, measured)
                found[name].append(measured)
        return found

    def front(self, name: str, job: Job) -> int:
        """The process that the job's port belongs to."""
        if name == FLOOR:
            return self.fronts.get(job.port) or next(
                one.pid for one in self.floors.values() if one.port == job.port
            )
        return self.functory.pid("gateway")

    def against_floor(self, function: str, floor: Job, ours: Job) -> dict[str, list[Measured]]:
        """The same load on both."""

        def seen(name: str, measured: Measured) -> None:
            if name == FUNCTORY:
                self.functory.note(function, measured)
            if measured.failed:
                self.notes.append(f"{name}: {measured.failed} calls failed: {measured.answered}")

        return self.alternate({FLOOR: floor, FUNCTORY: ours}, seen)

    def cost_row(self, setting: str, against: str = FLOOR) -> None:
        """What the last measurements cost the processes in front."""
        self.add(Row("gateway's time per call", setting, "µs", dict(self.used), against=against))

    def rate_row(self, case: str, setting: str, found: Mapping[str, list[Measured]], bar: Bar) -> None:
        """Calls per second of both."""
        values = {name: [one.calls_per_s for one in many] for name, many in found.items()}
        self.add(Row(case, setting, "calls/s", values, bar))


def say(text: str) -> None:
    """How far it is, beside the result."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
