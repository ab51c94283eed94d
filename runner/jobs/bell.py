"""The bell that wakes a drain: rung by whoever makes something due, so that what runs already need not be started
anew, nor look again and again. One drain at a time hears it; to the others it stays silent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import redis

from functions import queues

HEAR_S = 1.0
log = logging.getLogger("functory.drain")


class Bell:
    """Of the drain called `owner`. An async context manager; nothing is missed from its beginning on. `rings` are
    called at each ring, and `count` says how many there were."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bell")
        self._rung = asyncio.Event()
        self._hearing: asyncio.Task[None] | None = None
        self._stopping = False
        self.count = 0
        self.rings: list[Callable[[], None]] = [self._ring]

    async def __aenter__(self) -> Bell:
        if await self._do(lambda: queues.hear_wakes(self._owner)):
            self._hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop(self.count)
        self._thread.shutdown()

    @property
    def hears(self) -> bool:
        """Whether this drain is told; otherwise it has to look."""
        return self._hearing is not None and not self._hearing.done()

    async def wait(self, since: int, seconds: float) -> bool:
        """Until it has rung more often than `since`, or for so long; whether it has. Several may wait: a ring is for
        each of them."""
        if self.count == since:
            self._rung.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), seconds)
        return self.count != since

    async def stop(self, since: int) -> bool:
        """Hear no more, so that wake-ups start another drain; whether it had rung more often than `since`, or one had
        come that was not heard."""
        hearing, self._hearing = self._hearing, None
        if hearing is None:
            return False
        self._stopping = True
        try:
            await asyncio.to_thread(queues.stop_hearing_wakes, self._owner)
            await hearing
            return await self._do(queues.left_wake) or self.count != since
        except redis.RedisError as error:
            log.warning("the drain cannot say that it ends: %s", error)
            await hearing
            return False

    def _ring(self) -> None:
        self.count += 1
        self._rung.set()

    async def _hear(self) -> None:
        while not self._stopping:
            try:
                rung = await self._do(lambda: queues.await_wake(self._owner, HEAR_S))
            except redis.RedisError as error:
                log.warning("the drain cannot be woken: %s", error)
                return
            if rung:
                for ring in self.rings:
                    ring()

    async def _do(self, work: Callable[[], bool]) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
