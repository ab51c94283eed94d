"""Fifty functions called for the first time at once: with the prewarmed supply at its usual size, so beyond it, and
what that does to warm calls of another function meanwhile."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.bench.cases.cold import PYTHON, timed, wait_for_supply
from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.floor import floor
from tests.bench.functory import SMALL_MB
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import events

MANY = 50
QUIET = "without the burst"
ENGINE = "N / engine's starts a second"


def burst(bench: Bench, names: list[str]) -> list[float]:
    """Milliseconds of each first call; all are sent at once."""
    ours = bench.functory
    requests = [ours.signer.invokes(name, [b"{}"])[0] for name in names]

    def call(request: bytes) -> float:
        with httpx.Client(base_url=ours.stack.gateway, timeout=120) as client:
            return timed(client, request)

    with ThreadPoolExecutor(len(names)) as threads:
        return sorted(threads.map(call, requests))


def run(bench: Bench) -> None:
    """The burst, beside one warm connection."""
    ours = bench.functory
    names = [f"burst-{number}" for number in range(MANY)]
    ours.create({"burst": PYTHON.decode()}, SMALL_MB)
    ours.copy(MANY, "burst")
    wait_for_supply(ours.gateway, "python3.13")
    with floor(SMALL_MB, 1) as spare:
        starts = spare.start_rate()
    warm = ours.signer.invokes("quick", events())
    quiet = ours.note("quick", bench.second.run(Job(ours.port, warm, 1, 1.5)))
    wait_for_supply(ours.gateway, "python3.13")
    expected_s = MANY / starts
    bench.second.start(Job(ours.port, warm, 1, expected_s, 0.1))
    time.sleep(0.1)
    try:
        took = burst(bench, names)
    finally:
        busy = ours.note("quick", bench.second.result())
    ours.sent.update(dict.fromkeys(names, 1))
    within = took[int(len(took) * 0.95)]
    bench.add(
        Row("cold burst p95", f"{MANY} functions at once, 2 prewarmed", "ms",
            {FUNCTORY: [within], ENGINE: [expected_s * 1000]}, Bar(most=1.2), against=ENGINE,
            note=f"engine: {starts:.1f} starts/s; p50 {statistics.median(took):.0f} ms")
    )  # fmt: skip
    bench.add(
        Row("warm p50 in a burst", "1 connection, another function", "ms",
            {FUNCTORY: [busy.p50_ms], QUIET: [quiet.p50_ms]}, Bar(most=2), against=QUIET)
    )  # fmt: skip
