"""The job that delivers asynchronous events and what lies in message queues: one drain claims much that is due and
delivers it at once. Both in one job, since a small machine has one process for them, and neither may wait for the
other's long calls."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from django.conf import settings

from functions import queues
from functions.config import Config
from functions.ids import new_id
from runner.client import AsyncGatewayClient
from runner.jobs.bell import Bell
from runner.jobs.delivery import AT_ONCE, CLAIM_FOR_S, POLL_S, Delivery
from runner.jobs.ledger import Ledger
from runner.sources import sqs
from runner.sources.desk import Desk
from runner.sources.sqs import QueuePolls

STOP_LOOK_S = 0.5


def run(stay_s: float = 0.0) -> None:
    """Deliver until nothing is due, and nothing has become due for so many seconds: what comes within them finds
    everything open. What becomes due later wakes the next drain."""
    queues.drain_started()
    with _told_to_stop() as stopping:
        asyncio.run(_drain(settings.FUNCTORY, stopping, stay_s))


async def _drain(config: Config, stopping: threading.Event, stay_s: float) -> None:
    owner = f"{socket.gethostname()[:20]}-{os.getpid()}-{new_id().hex[-8:]}"
    async with (
        AsyncGatewayClient(config, AT_ONCE + sqs.AT_ONCE) as client,
        Ledger(config, owner) as ledger,
        Desk(owner) as desk,
        Bell(owner) as bell,
    ):
        delivery, polls = Delivery(client, ledger, stopping, bell), QueuePolls(client, desk, stopping, bell)
        until = asyncio.get_running_loop().time() + CLAIM_FOR_S
        while True:
            seen = await _side_by_side([delivery.run, polls.run], stopping, bell, until)
            if asyncio.get_running_loop().time() > until or not await _stayed(bell, seen, stopping, stay_s):
                return


async def _stayed(bell: Bell, seen: int, stopping: threading.Event, stay_s: float) -> bool:
    """Wait for the bell; whether it has rung within the time, or before and not all have looked since. The one that
    hears it alone may stay."""
    last = asyncio.get_running_loop().time() + stay_s
    while bell.hears and not stopping.is_set() and (left := last - asyncio.get_running_loop().time()) > 0:
        if await bell.wait(seen, min(left, STOP_LOOK_S)):
            return True
    return await bell.stop(seen) and not stopping.is_set()


async def _side_by_side(
    runs: Sequence[Callable[[], Awaitable[None]]], stopping: threading.Event, bell: Bell, until: float
) -> int:
    """Each looks for work again until none of the others has any; returns how often the bell had rung when the first
    of them began its last look."""
    busy: set[int] = set()
    seen = dict.fromkeys(range(len(runs)), 0)

    async def keep(number: int) -> None:
        while True:
            busy.add(number)
            seen[number] = bell.count
            await runs[number]()
            busy.discard(number)
            if not busy or stopping.is_set() or asyncio.get_running_loop().time() > until:
                return
            await bell.wait(seen[number], POLL_S)

    await asyncio.gather(*(keep(number) for number in range(len(runs))))
    return min(seen.values())


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Set by SIGTERM, which reaches the worker as well: it ends when this job has."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield stopping
    finally:
        if signal.getsignal(signal.SIGTERM) is stop:  # the worker may have put its own there
            signal.signal(signal.SIGTERM, before)
