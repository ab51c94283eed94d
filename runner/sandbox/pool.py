"""The supply of prewarmed sandboxes: which kinds wait ready, how many, and their refilling in the background.
Knows nothing of functions; what a sandbox is, it is told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from functions.states import EndReason
from runner.sandbox.driver import DriverError
from runner.sandbox.spec import PoolKey

log = logging.getLogger("functory.pool")


class Prewarmed(Protocol):
    """A sandbox with its language started and no code."""

    @property
    def key(self) -> PoolKey:
        """The kind that it is of."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it can still be bound."""
        ...

    async def end(self, reason: EndReason) -> None:
        """Remove it."""
        ...


S = TypeVar("S", bound=Prewarmed)


@dataclass(frozen=True, slots=True)
class Policy:
    """How much waits ready. `keep_s` is how long a kind that nobody uses stays prewarmed; `refill_after_s` lets the
    call that took one have the processors first, since making the next one needs them for a tenth of a second."""

    prewarm: int = 2
    parallel: int = 2
    keep_s: float = 1800.0
    refill_after_s: float = 0.05
    retry_s: float = 1.0
    slowest_retry_s: float = 15.0

    def wanted(self, *, permanent: bool, idle_s: float) -> int:
        """How many of a kind should wait: the usual number while it is in use."""
        return self.prewarm if permanent or idle_s < self.keep_s else 0

    def pause(self, failures: int) -> float:
        """Seconds until the engine is tried again after so many failures in a row."""
        return min(self.slowest_retry_s, self.retry_s * 2 ** min(failures - 1, 10)) if failures else 0.0


@dataclass(slots=True)
class Shelf(Generic[S]):
    """One kind: those that wait, those being made, and callers that wait for one."""

    ready: deque[S] = field(default_factory=deque)
    making: int = 0
    callers: deque[asyncio.Future[S]] = field(default_factory=deque)
    permanent: bool = False
    last_used: float = 0.0
    trouble: str = ""


class Pool(Generic[S]):
    """Hands out prewarmed sandboxes and makes more, at most `policy.parallel` at a time: creating them takes
    the machine's processors from the calls that run."""

    def __init__(
        self,
        make: Callable[[PoolKey], Awaitable[S]],
        policy: Policy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._policy = policy
        self._clock = clock
        self._shelves: dict[PoolKey, Shelf[S]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._retry: asyncio.TimerHandle | None = None
        self._refilling: asyncio.TimerHandle | None = None
        self._closed = False

    # --- what callers do ---

    def keep(self, keys: set[PoolKey]) -> None:
        """These kinds belong to deployed functions: supply them whether they are called or not."""
        for key, shelf in self._shelves.items():
            shelf.permanent = key in keys
        for key in keys:
            self._shelf(key).permanent = True
        self.refill()

    def take(self, key: PoolKey) -> S | None:
        """One that waits ready, or None; the supply is refilled behind it, in a moment."""
        shelf = self._shelf(key)
        shelf.last_used = self._clock()
        found = self._pop(shelf)
        if found is not None and self._refilling is None:
            loop = asyncio.get_running_loop()
            self._refilling = loop.call_later(self._policy.refill_after_s, self._refill_behind)
        return found

    async def acquire(self, key: PoolKey) -> S:
        """One that waits ready, or the next that is made; raises DriverError when the engine cannot."""
        found = self.take(key)
        if found is not None:
            return found
        caller: asyncio.Future[S] = asyncio.get_running_loop().create_future()
        self._shelf(key).callers.append(caller)
        self.refill()
        try:
            return await caller
        except asyncio.CancelledError:
            if caller.done() and not caller.cancelled() and caller.exception() is None:
                self._shelve(caller.result())  # it came too late for this caller, not for others
            raise

    def supply(self) -> list[tuple[PoolKey, int, int]]:
        """Per kind: how many wait, how many should."""
        return [(key, len(shelf.ready), self._wanted(shelf)) for key, shelf in self._shelves.items()]

    @property
    def waiting(self) -> int:
        """How many sandboxes wait, of all kinds."""
        return sum(len(shelf.ready) for shelf in self._shelves.values())

    @property
    def trouble(self) -> str:
        """Why no sandbox of any kind can be made, or ""; one kind alone (an image is missing) is not it."""
        troubles = [shelf.trouble for shelf in self._shelves.values()]
        return troubles[0] if troubles and all(troubles) else ""

    def wake(self) -> None:
        """The engine is well again: forget its troubles and do not wait for the next try."""
        self._failures = 0
        for shelf in self._shelves.values():
            shelf.trouble = ""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self.refill()

    def lost(self, sandbox: S) -> None:
        """A waiting sandbox has ended by itself: replace it."""
        shelf = self._shelf(sandbox.key)
        if sandbox in shelf.ready:
            shelf.ready.remove(sandbox)
            self.refill()

    # --- refilling ---

    def refill(self) -> None:
        """Start making what is missing: for callers at once, for the shelf when the engine works."""
        if self._closed:
            return
        for key in sorted(self._shelves, key=lambda key: not self._shelves[key].callers):
            shelf = self._shelves[key]
            while len(self._tasks) < self._policy.parallel and self._missing(shelf) > 0:
                shelf.making += 1
                task = asyncio.get_running_loop().create_task(self._make_one(key, shelf))
                self._tasks.add(task)
                task.add_done_callback(self._made)

    def _refill_behind(self) -> None:
        self._refilling = None
        self.refill()

    def _missing(self, shelf: Shelf[S]) -> int:
        wanted = len(shelf.callers)
        if self._retry is None:
            wanted += self._wanted(shelf) - len(shelf.ready)
        return wanted - shelf.making

    def _made(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("the supply could not be refilled", exc_info=task.exception())
        self.refill()

    async def _make_one(self, key: PoolKey, shelf: Shelf[S]) -> None:
        try:
            sandbox = await self._make(key)
        except (DriverError, OSError) as error:
            self._failed(key, shelf, DriverError(str(error)))
            return
        finally:
            shelf.making -= 1
        if shelf.trouble:
            log.info("%s sandboxes can be made again", key.runtime)
        shelf.trouble = ""
        self._failures = 0
        if self._closed:
            await sandbox.end(EndReason.SHUTDOWN)
        else:
            self._shelve(sandbox)

    def _shelve(self, sandbox: S) -> None:
        shelf = self._shelf(sandbox.key)
        while shelf.callers:
            caller = shelf.callers.popleft()
            if not caller.done():
                caller.set_result(sandbox)
                return
        shelf.ready.append(sandbox)

    def _failed(self, key: PoolKey, shelf: Shelf[S], error: DriverError) -> None:
        """Tell those who wait, and leave the engine alone for a while."""
        if str(error) != shelf.trouble:
            log.warning("no %s sandbox can be made: %s", key.runtime, error)
        shelf.trouble = str(error)
        self._failures += 1
        while shelf.callers:
            caller = shelf.callers.popleft()
            if not caller.done():
                caller.set_exception(error)
        if self._retry is None:
            loop = asyncio.get_running_loop()
            self._retry = loop.call_later(self._policy.pause(self._failures), self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self.refill()

    # --- shelves ---

    def _shelf(self, key: PoolKey) -> Shelf[S]:
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = Shelf(last_used=self._clock())
        return shelf

    def _wanted(self, shelf: Shelf[S]) -> int:
        return self._policy.wanted(permanent=shelf.permanent, idle_s=self._clock() - shelf.last_used)

    def _pop(self, shelf: Shelf[S]) -> S | None:
        while shelf.ready:
            sandbox = shelf.ready.popleft()
            if sandbox.alive:
                return sandbox
        return None

    async def trim(self, most: int | None = None) -> None:
        """End what waits for nobody: kinds out of use, or all but `most` of each when memory is short."""
        for key, shelf in list(self._shelves.items()):
            wanted = self._wanted(shelf) if most is None else min(most, self._wanted(shelf))
            while len(shelf.ready) > wanted:
                await shelf.ready.pop().end(EndReason.IDLE if most is None else EndReason.EVICTED)
            if not (wanted or shelf.ready or shelf.making or shelf.callers):
                self._shelves.pop(key, None)

    async def close(self) -> None:
        """End all that wait and refuse callers."""
        self._closed = True
        for timer in (self._retry, self._refilling):
            if timer is not None:
                timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for shelf in self._shelves.values():
            for caller in shelf.callers:
                if not caller.done():
                    caller.set_exception(DriverError("Functory is stopping"))
            while shelf.ready:
                await shelf.ready.pop().end(EndReason.SHUTDOWN)
