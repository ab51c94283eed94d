"""The job that delivers asynchronous events: one drain claims many due events and delivers them at once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.conf import settings

from functions import queues
from functions.config import Config
from functions.ids import new_id
from runner.client import AsyncGatewayClient
from runner.jobs.delivery import AT_ONCE, Delivery
from runner.jobs.ledger import Ledger


def run() -> None:
    """Deliver until nothing is due. What becomes due meanwhile is taken too, or wakes the next drain."""
    queues.drain_started()
    with _told_to_stop() as stopping:
        asyncio.run(_drain(settings.FUNCTORY, stopping))


async def _drain(config: Config, stopping: threading.Event) -> None:
    owner = f"{socket.gethostname()[:20]}-{os.getpid()}-{new_id().hex[-8:]}"
    async with AsyncGatewayClient(config, AT_ONCE) as client, Ledger(config, owner) as ledger:
        await Delivery(client, ledger, stopping).run()


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
