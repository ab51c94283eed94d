"""Warm calls: latency of one connection, and calls a second of many."""

from __future__ import annotations

from tests.bench.figures import Bar, Row
from tests.bench.functory import MEMORY_MB, SMALL_MB
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import events, plain

LATENCY_S = 1.5
CONNECTIONS = (16, 64)
SANDBOXES = (1, 2, 4)


def jobs(bench: Bench, memory_mb: int, function: str, connections: int, seconds: float) -> tuple[Job, Job]:
    """The floor's and ours."""
    bodies = events()
    floor = Job(bench.floors[memory_mb].port, plain("/", bodies), connections, seconds)
    ours = Job(bench.functory.port, bench.functory.signer.invokes(function, bodies), connections, seconds)
    return floor, ours


def latency(bench: Bench, memory_mb: int, function: str) -> None:
    """One connection, one sandbox."""
    with bench.functory.at_most(1, memory_mb):
        found = bench.against_floor(function, *jobs(bench, memory_mb, function, 1, LATENCY_S))
    where = f"1 connection, {memory_mb:,} MB"
    for name, bar in (("p50", Bar(most=1.5)), ("p99", Bar(most=2, most_value=1))):
        values = {system: [getattr(one, f"{name}_ms") for one in many] for system, many in found.items()}
        bench.add(Row(f"warm {name}", where, "ms", values, bar))


def throughput(
    bench: Bench, memory_mb: int, function: str, sandboxes: int, connections: tuple[int, ...]
) -> None:
    """Many connections, a given number of sandboxes."""
    bench.floors[memory_mb].use(sandboxes)
    with bench.functory.at_most(sandboxes, memory_mb):
        for count in connections:
            found = bench.against_floor(function, *jobs(bench, memory_mb, function, count, bench.seconds))
            where = (
                f"{count} connections, {sandboxes} sandbox{'es' if sandboxes > 1 else ''}, {memory_mb:,} MB"
            )
            bench.rate_row("throughput", where, found, Bar(least=0.75))
            if count == CONNECTIONS[0]:
                bench.cost_row(where)


def run(bench: Bench) -> None:
    """Rows of the whole function, then of the small one."""
    for floor in bench.floors.values():
        floor.use(1)
    latency(bench, MEMORY_MB, "echo")
    for sandboxes in SANDBOXES:
        last = sandboxes == SANDBOXES[-1]
        throughput(bench, MEMORY_MB, "echo", sandboxes, (*CONNECTIONS, 500) if last else CONNECTIONS)
    bench.functory.end_idle("echo")
    latency(bench, SMALL_MB, "echo-small")
    throughput(bench, SMALL_MB, "echo-small", 1, (16,))
