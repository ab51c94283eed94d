"""Warm latency with years of state: 10,000 functions, 10 million finished calls. For `make bench-full`."""

from __future__ import annotations

from tests.bench.cases.warm import LATENCY_S
from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import events

FUNCTIONS = 10_000
INVOCATIONS = 10_000_000
EMPTY = "nearly empty"


def run(bench: Bench) -> None:
    """Before and after; the rounds are no pairs."""
    ours = bench.functory
    values = {EMPTY: latencies(bench)}
    ours.copy(FUNCTIONS, "quick")
    ours.plant("invocations", str(INVOCATIONS), "echo")
    ours.sent["echo"] += INVOCATIONS  # they are there, as if they had been called
    values[FUNCTORY] = latencies(bench)
    where = f"{FUNCTIONS:,} functions, {INVOCATIONS:,} calls stored"
    bench.add(Row("growth", f"warm p50, {where}", "ms", values, Bar(most=1.2), against=EMPTY))


def latencies(bench: Bench) -> list[float]:
    """The p50 of each round at one connection, in ms."""
    ours = bench.functory
    job = Job(ours.port, ours.signer.invokes("echo", events()), 1, LATENCY_S)
    found = []
    for _ in range(bench.rounds):
        ours.settle()
        found.append(ours.note("echo", bench.generator.run(job)).p50_ms)
    return found
