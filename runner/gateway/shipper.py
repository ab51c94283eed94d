"""Carries the journal to the Redis stream that the recorder reads, and survives Redis being away. Knows no
HTTP and no sandboxes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio
import redis.exceptions

from functions.outages import redis_outage
from runner.gateway.journal import MB, Journal

GATHER_S = 0.1  # let ticks add up, so that a busy second costs 10 stream entries and not 5,000
LOOK_EVERY = 20  # entries; the stream's length is not worth a question each time
RETRY_S = 1.0
STREAM_FULL = 2_000  # entries the recorder has not taken yet; past it records wait on disk, not in Redis
log = logging.getLogger("functory.journal")


class StreamBusy(RuntimeError):
    """The recorder is behind: what is in the stream must drain first."""


class RecordStream:
    """The stream's writing end."""

    def __init__(self, client: redis.asyncio.Redis, name: str) -> None:
        self._client = client
        self._name = name
        self._sent = 0

    async def send(self, data: bytes) -> None:
        """Append one entry; raises StreamBusy, or redis' errors."""
        if self._sent % LOOK_EVERY == 0 and int(await self._client.xlen(self._name)) >= STREAM_FULL:
            raise StreamBusy
        await self._client.xadd(self._name, {"d": data})
        self._sent += 1


class Shipper:
    """The one task that reads the journal. `home` is where the embedded Redis writes, None for another. `trouble`
    is "" while it works."""

    def __init__(
        self, journal: Journal, send: Callable[[bytes], Awaitable[None]], home: Path | None = None
    ) -> None:
        self._journal = journal
        self._send = send
        self._home = home
        self.trouble = ""

    async def run(self) -> None:
        """Ship until cancelled."""
        while True:
            await self._journal.grown.wait()
            await asyncio.sleep(GATHER_S if self._journal.backlog < MB else 0)
            if not await self.ship_once():
                await asyncio.sleep(RETRY_S)

    async def ship_once(self) -> bool:
        """Ship one batch; False when it has to be tried again later."""
        batch = self._journal.read()
        if batch is None:
            return True
        try:
            await self._send(batch.data)
        except StreamBusy:
            self._complain("The recorder is behind; records wait in the journal.")
            return False
        except (redis.exceptions.RedisError, OSError) as error:
            self._complain(redis_outage(error, self._home).message)
            return False
        self._journal.shipped(batch)
        self.trouble = ""
        return True

    async def drain(self, patience_s: float) -> None:
        """At the end: ship what is left, as long as it goes."""
        deadline = asyncio.get_running_loop().time() + patience_s
        while self._journal.backlog and asyncio.get_running_loop().time() < deadline:
            if not await self.ship_once():
                return

    def _complain(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("records wait in the journal: %s", trouble)
        self.trouble = trouble
