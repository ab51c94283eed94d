"""One event run many times, some at once, through the gateway like any caller; and how the times spread."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from functions.errors import FunctoryError
from functions.records import InvocationRecord
from functions.states import Outcome
from runner.client import GatewayDown, GatewayRefused

MOST_RUNS = 200
MOST_AT_ONCE = 10
LONGEST_S = 60.0
BARS = 24
TALL = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the picture: durations in [from_us, to_us), how many, and its place in a box of 100 by TALL."""

    from_us: int
    to_us: int
    count: int
    left: float
    width: float
    top: float
    tall: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How many runs went. Durations in microseconds of those that ran, cost in 1e-12 USD of all."""

    runs: int
    asked: int
    outcomes: list[tuple[str, int]]
    refused: list[tuple[str, int]]
    cold: int
    cost_pico: int
    quantiles: list[tuple[str, int]]
    bars: list[Bar]
    slowest: list[InvocationRecord]
    took_us: int


def run_many(run: Callable[[], InvocationRecord], *, runs: int, at_once: int) -> Spread:
    """Run it, and stop to begin new ones after a minute."""
    began = time.monotonic()
    records: list[InvocationRecord] = []
    refused: Counter[str] = Counter()

    def once(_: int) -> None:
        if time.monotonic() - began > LONGEST_S:
            return
        try:
            records.append(run())
        except (FunctoryError, GatewayDown, GatewayRefused) as error:
            refused[error.code if isinstance(error, GatewayRefused) else str(error)] += 1

    with ThreadPoolExecutor(max_workers=at_once) as threads:
        list(threads.map(once, range(runs)))
    took_us = int((time.monotonic() - began) * 1_000_000)
    return _spread(records, refused, asked=runs, took_us=took_us)


def _spread(
    records: Sequence[InvocationRecord], refused: Counter[str], *, asked: int, took_us: int
) -> Spread:
    outcomes = Counter(Outcome(record.outcome).label for record in records)
    durations = sorted(record.duration_us for record in records if record.duration_us)
    slowest = sorted(records, key=lambda record: -record.duration_us)[:5]
    return Spread(
        runs=len(records),
        asked=asked,
        outcomes=outcomes.most_common(),
        refused=refused.most_common(),
        cold=sum(record.cold for record in records),
        cost_pico=sum(record.cost_pico for record in records),
        quantiles=_quantiles(durations),
        bars=_bars(durations),
        slowest=slowest,
        took_us=took_us,
    )


def _quantiles(durations: Sequence[int]) -> list[tuple[str, int]]:
    """The nearest-rank quantiles: each is a duration that was measured."""
    if not durations:
        return []
    last = len(durations) - 1
    named = (("fastest", 0.0), ("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("slowest", 1.0))
    return [(name, durations[min(last, int(share * len(durations)))]) for name, share in named]


def _bars(durations: Sequence[int]) -> list[Bar]:
    """A histogram of equal steps between the fastest and the slowest."""
    if not durations:
        return []
    low, high = durations[0], durations[-1]
    step = max(1, -(-(high - low + 1) // BARS))
    counts = Counter((duration - low) // step for duration in durations)
    most = max(counts.values())
    width = 100 / BARS
    return [
        Bar(
            from_us=low + at * step,
            to_us=low + (at + 1) * step,
            count=count,
            left=at * width,
            width=width * 0.9,
            top=TALL - TALL * count / most,
            tall=TALL * count / most,
        )
        for at, count in sorted(counts.items())
    ]
