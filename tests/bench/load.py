"""The load generator, in a process of its own: raw protocols on uvloop, one call at a time per connection, every
request signed beforehand. Tells how much of a processor it took, so that it is seen when it is the bottleneck."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import uvloop

DRAIN_S = 40.0


@dataclass(frozen=True)
class Job:
    """What to send: `requests` in turn, over so many connections, measured for `seconds` after `warm_s`. `bulk` is
    for answers that come in several pieces. With `pace_s` a connection begins a call no sooner than that after its
    last one's begin."""

    port: int
    requests: tuple[bytes, ...]
    connections: int = 1
    seconds: float = 1.0
    warm_s: float = 0.2
    bulk: bool = False
    pace_s: float = 0.0


@dataclass
class Measured:
    """What came back. `answered` counts every answer by status, warming up included; the rest is of the measured
    time. Latencies in ms; `cpu_share` is of one processor; `unanswered` had no answer when the time was over."""

    answered: dict[str, int]
    calls_per_s: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    most_ms: float
    cpu_share: float
    unanswered: int = 0

    @property
    def failed(self) -> int:
        """Calls without a good answer."""
        bad = sum(count for status, count in self.answered.items() if not status.startswith("2"))
        return bad + self.unanswered


@dataclass
class Tally:
    """What all connections have seen."""

    latencies: list[float] = field(default_factory=list)
    counts: dict[bytes, int] = field(default_factory=dict)
    running: bool = True
    open_calls: int = 0
    drained: asyncio.Event = field(default_factory=asyncio.Event)


class Caller(asyncio.Protocol):
    """One connection. An answer is small enough to come in one piece."""

    def __init__(self, requests: tuple[bytes, ...], start: int, tally: Tally) -> None:
        self.requests = requests
        self.next = start
        self.tally = tally
        self.latencies = tally.latencies
        self.counts = tally.counts
        self.sent = 0.0

    def connection_made(self, transport: Any) -> None:
        self.write: Callable[[bytes], None] = transport.write
        self.close: Callable[[], None] = transport.close

    def begin(self) -> None:
        self.tally.open_calls += 1
        self.send()

    def send(self) -> None:
        requests = self.requests
        self.next = number = (self.next + 1) % len(requests)
        self.sent = time.perf_counter()
        self.write(requests[number])

    def data_received(self, data: bytes) -> None:
        self.answered(data[9:12])

    def answered(self, status: bytes) -> None:
        self.latencies.append(time.perf_counter() - self.sent)
        self.counts[status] = self.counts.get(status, 0) + 1
        if self.tally.running:
            self.send()
        else:
            self.ended()

    def ended(self) -> None:
        self.tally.open_calls -= 1
        if self.tally.open_calls == 0:
            self.tally.drained.set()


class PacedCaller(Caller):
    """Leaves time between two calls."""

    pace_s = 0.0

    def answered(self, status: bytes) -> None:
        left = self.pace_s - (time.perf_counter() - self.sent)
        if left <= 0 or not self.tally.running:
            super().answered(status)
            return
        self.latencies.append(self.pace_s - left)
        self.counts[status] = self.counts.get(status, 0) + 1
        asyncio.get_running_loop().call_later(left, self.again)

    def again(self) -> None:
        if self.tally.running:
            self.send()
        else:
            self.ended()


class BulkCaller(Caller):
    """Counts the bytes of an answer by its content length."""

    left = 0
    status = b""

    def data_received(self, data: bytes) -> None:
        if not self.left:
            head, separator, _ = data.partition(b"\r\n\r\n")
            assert separator, "the head of an answer came in pieces"
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self.left = len(head) + 4 + int(lengths[0].split(b":")[1])
            self.status = data[9:12]
        self.left -= len(data)
        if self.left == 0:
            self.answered(self.status)


async def measure(job: Job) -> Measured:
    """Connect, warm up, measure, and wait for the answers that are still due."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    kind = BulkCaller if job.bulk else PacedCaller if job.pace_s else Caller
    callers: list[Caller] = []
    for number in range(job.connections):
        start = number * len(job.requests) // job.connections
        _, caller = await loop.create_connection(
            partial(kind, job.requests, start, tally), "127.0.0.1", job.port
        )
        if isinstance(caller, PacedCaller):
            caller.pace_s = job.pace_s
        callers.append(caller)
    for caller in callers:
        caller.begin()
    await asyncio.sleep(job.warm_s)
    tally.latencies.clear()
    began, computed = time.perf_counter(), time.process_time()
    await asyncio.sleep(job.seconds)
    elapsed, computed = time.perf_counter() - began, time.process_time() - computed
    taken = sorted(tally.latencies)
    tally.running = False
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(tally.drained.wait(), DRAIN_S)
    for caller in callers:
        caller.close()
    return Measured(
        answered={status.decode(): count for status, count in tally.counts.items()},
        calls_per_s=len(taken) / elapsed,
        **{f"p{part}_ms": at(taken, part) for part in (50, 90, 99)},
        most_ms=at(taken, 100),
        cpu_share=computed / elapsed,
        unanswered=tally.open_calls,
    )


def at(ordered: list[float], percent: int) -> float:
    """A percentile of sorted seconds, in ms; 0 of none."""
    if not ordered:
        return 0.0
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def serve(end: Connection) -> None:
    """The generator's process: jobs in, measurements out."""
    while True:
        job = end.recv()
        if job is None:
            return
        try:
            end.send(uvloop.run(measure(job)))
        except Exception as error:
            end.send(error)


class Generator:
    """A generator's process as its owner sees it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other,), daemon=True)
        self._process.start()

    def start(self, job: Job) -> None:
        """Begin a job; `result` waits for it."""
        self._end.send(job)

    def result(self) -> Measured:
        """What the job that runs has measured."""
        found = self._end.recv()
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Measured)
        return found

    def run(self, job: Job) -> Measured:
        """A job from start to end."""
        self.start(job)
        return self.result()

    def close(self) -> None:
        """End the process."""
        self._end.send(None)
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()


@contextlib.contextmanager
def generator() -> Iterator[Generator]:
    """A generator for a while."""
    made = Generator()
    try:
        yield made
    finally:
        made.close()
