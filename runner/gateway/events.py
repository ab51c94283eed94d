"""Accepting asynchronous events: each is in the Redis stream, and Redis has said so, before the caller is
told 202. Events that come together travel together. Knows no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

import redis.asyncio
import redis.exceptions

from functions.errors import DiskFull, FunctoryError, ServiceUnavailable
from functions.outages import redis_outage
from functions.records import AcceptedEvent, encode

BATCH = 200
PROBE_S = 1.0
STREAM_FULL = 100_000  # events the recorder has not turned into rows yet
log = logging.getLogger("functory.events")
Told = Callable[[FunctoryError | None], None]


class EventQueue:
    """The one writer of the stream. `home` is where the embedded Redis writes, None for another. `trouble` is ""
    while it works."""

    def __init__(self, client: redis.asyncio.Redis, stream: str, home: Path | None = None) -> None:
        self._client = client
        self._stream = stream
        self._home = home
        self._pending: list[tuple[bytes, Told]] = []
        self._wake = asyncio.Event()
        self.trouble = ""

    def accept(self, event: AcceptedEvent, told: Told) -> None:
        """Store the event; `told` gets None once it is safe, or the refusal when it is not."""
        if len(self._pending) >= STREAM_FULL:
            told(ServiceUnavailable("Too many events wait to be stored: try again in a moment."))
            return
        self._pending.append((encode(event), told))
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), PROBE_S if self.trouble else None)
            except TimeoutError:
                await self._probe()
            self._wake.clear()
            while self._pending:
                batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
                await self._write(batch)

    async def _probe(self) -> None:
        """While nothing comes, find out whether Redis is back."""
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            await self._client.ping()
            self.trouble = ""

    async def _write(self, batch: list[tuple[bytes, Told]]) -> None:
        refusal: FunctoryError | None = None
        try:
            async with self._client.pipeline(transaction=True) as pipeline:
                for data, _ in batch:
                    pipeline.xadd(self._stream, {"d": data})
                await pipeline.execute()
            self.trouble = ""
        except (redis.exceptions.RedisError, OSError) as error:
            log.warning("events cannot be stored: %s", error)
            refusal = self._refusal(error)
        for _, told in batch:
            told(refusal)

    def _refusal(self, error: Exception) -> FunctoryError:
        outage = redis_outage(error, self._home)
        self.trouble = outage.message
        if isinstance(outage, DiskFull):
            return outage
        return ServiceUnavailable(
            "The event could not be stored, since Redis does not answer. Nothing was accepted: send it "
            "again in a moment."
        )
