"""What one page or call took, and the tables of the console's benchmark. Judges by the bars that a table is given."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_SQL = 400


@dataclass(frozen=True)
class Bar:
    """What a page or call may take on a machine that does nothing else, in milliseconds."""

    p50_ms: float
    p95_ms: float


PAGES = Bar(50, 150)
CALLS = Bar(30, 150)


@dataclass(frozen=True)
class Sample:
    """One answer: milliseconds until its last byte, of which the servers (web's, and PostgreSQL's) computed
    `cpu_ms`, and its size."""

    wall_ms: float
    cpu_ms: float
    bytes: int


@dataclass(frozen=True)
class Measured:
    """One page or call. `sql_ms` is what its queries took when it was asked once more, `worst_ms` the slowest."""

    page: str
    path: str
    p50_ms: float
    p95_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float
    bytes: int
    queries: int
    sql_ms: float
    worst_ms: float
    worst: str

    def is_over(self, bar: Bar) -> bool:
        """Whether it misses the bar by the clock, whatever else the machine did."""
        return self.p50_ms > bar.p50_ms or self.p95_ms > bar.p95_ms

    def computes_over(self, bar: Bar) -> bool:
        """Whether it would miss the bar on an idle machine too."""
        return self.cpu_p50_ms > bar.p50_ms or self.cpu_p95_ms > bar.p95_ms


def measured(
    label: str, path: str, samples: Sequence[Sample], queries: Sequence[tuple[float, str]] = ()
) -> Measured:
    """Of some answers, and of the queries (milliseconds and SQL) of one."""
    wall = [sample.wall_ms for sample in samples]
    cpu = [sample.cpu_ms for sample in samples]
    worst = max(queries, key=lambda query: query[0], default=(0.0, ""))
    return Measured(
        label,
        path,
        _share(wall, 0.5),
        _share(wall, 0.95),
        _share(cpu, 0.5),
        _share(cpu, 0.95),
        samples[-1].bytes,
        len(queries),
        round(sum(spent for spent, _ in queries), 1),
        round(worst[0], 1),
        worst[1][:MOST_SQL],
    )


def print_table(title: str, found: Sequence[Measured], bar: Bar) -> None:
    """What computes most first."""
    say(
        f"{title:44} {'p50 ms':>8} {'p95 ms':>8} {'cpu p50':>8} {'cpu p95':>8} {'SQL ms':>7} {'SQL':>4} "
        f"{'bytes':>8}  slowest query"
    )
    for one in sorted(found, key=lambda one: -one.cpu_p50_ms):
        mark = "*" if one.is_over(bar) else " "
        say(
            f"{one.page[:43]:43}{mark} {one.p50_ms:8.1f} {one.p95_ms:8.1f} {one.cpu_p50_ms:8.1f} "
            f"{one.cpu_p95_ms:8.1f} {one.sql_ms:7.1f} {one.queries:4} {one.bytes:8}  "
            f"{one.worst_ms:.1f} ms {one.worst[:80]}"
        )
    slow = sum(one.is_over(bar) for one in found)
    computing = sum(one.computes_over(bar) for one in found)
    limits = f"{bar.p50_ms:.0f} ms p50 or {bar.p95_ms:.0f} ms p95"
    say(f"{len(found)} of them, {slow} over {limits} by the clock (*), {computing} by what they compute\n")


def pace_ms() -> float:
    """Milliseconds of processor time that a fixed piece of work takes now, the middle of some: processors that are
    shared with other work compute slower, and so do the pages."""
    spent = []
    for _ in range(40):
        began = time.process_time()
        sorted({str(number): number * number for number in range(20_000)})
        spent.append((time.process_time() - began) * 1000)
    return _share(spent, 0.5)


def say(text: str, to: Any = None) -> None:
    """A line of the report."""
    (to or sys.stdout).write(text + "\n")


def _share(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)
