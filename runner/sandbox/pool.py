"""The supply of prewarmed sandboxes: which kinds wait ready, how many, and their refilling in the background.
Knows nothing of functions; what a sandbox is, and what memory there is, it is told."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Generic

from functions.states import EndReason
from runner.sandbox.driver import DriverError
from runner.sandbox.shelf import Memory, S, Shelf, Stock, Unlimited
from runner.sandbox.spec import PoolKey
from runner.sandbox.supply import Policy

MB = 1024 * 1024
RECENT = 0.3  # weight of the last one made in how long one takes

log = logging.getLogger("functory.pool")


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
        self.memory: Memory = Unlimited()
        self.leaving_mb = 0
        self._charged: dict[S, int] = {}
        self._leaving: set[asyncio.Task[None]] = set()
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
        shelf.demand.note(shelf.last_used)
        found = self._pop(shelf)
        if found is not None:
            self.refill_soon()
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

    def supply(self) -> list[Stock]:
        """What there is of each kind."""
        return [
            Stock(
                key, len(shelf.ready), self._wanted(shelf), sum(map(self._charged.__getitem__, shelf.ready))
            )
            for key, shelf in self._shelves.items()
        ]

    def stock_mb(self, key: PoolKey) -> int:
        """How much memory is the supply's no more once the next of a kind is taken; 0 when none waits."""
        shelf = self._shelves.get(key)
        return self._charged[shelf.ready[0]] if shelf is not None and shelf.ready else 0

    def wait_s(self, key: PoolKey) -> float:
        """How long the next one of a kind would be waited for, as long as those before it took; 0 when one waits."""
        shelf = self._shelves.get(key)
        if shelf is None or len(shelf.ready) > len(shelf.callers):
            return 0.0
        return shelf.takes_s * (1 + len(shelf.callers) // self._policy.parallel)

    @property
    def taken_mb(self) -> int:
        """How much memory those that wait take."""
        return sum(self._charged.values())

    def give_way(self, memory_mb: int, keep: PoolKey, *, entirely: bool = False) -> int:
        """End enough of those that wait to free so much, the kinds first of which most wait: what demand has added,
        or, `entirely`, the usual number too, but for the one that is to be taken next of the kind `keep`. Returns
        how much that will be, 0 (and nobody ends) when it would not do."""
        spare = {
            key: len(shelf.ready) - (int(key == keep) if entirely else self._least(shelf))
            for key, shelf in self._shelves.items()
        }
        taken: Counter[PoolKey] = Counter()
        given = 0
        while given < memory_mb:
            key = max(spare, key=lambda one: spare[one] - taken[one], default=keep)
            if spare.get(key, 0) <= taken[key]:
                return 0
            taken[key] += 1
            given += self._charged[self._shelves[key].ready[-taken[key]]]
        for key in taken.elements():
            self._dismiss(self._shelves[key], EndReason.EVICTED)
        return given

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
            self._leave(sandbox, EndReason.CRASH)
            self.refill_soon()

    def retire(self, is_old: Callable[[S], bool]) -> None:
        """End those that wait and are not to be handed out any more; others are made in their place."""
        for shelf in self._shelves.values():
            for sandbox in [one for one in shelf.ready if is_old(one)]:
                shelf.ready.remove(sandbox)
                self._leave(sandbox, EndReason.DRAINED)
        self.refill_soon()

    # --- refilling ---

    def refill(self) -> None:
        """Start making what is missing: for callers at once, for the shelf when the engine works."""
        if self._closed:
            return
        for key in sorted(self._shelves, key=lambda key: not self._shelves[key].callers):
            shelf = self._shelves[key]
            while len(self._tasks) < self._policy.parallel and self._missing(shelf) > 0:
                reserved_mb = self._reserve(shelf)
                if reserved_mb is None:
                    break
                shelf.making += 1
                task = asyncio.get_running_loop().create_task(self._make_one(key, shelf, reserved_mb))
                self._tasks.add(task)
                task.add_done_callback(self._made)

    def refill_soon(self) -> None:
        """In a moment, so that whoever took one has the processors first."""
        if self._refilling is None and not self._closed:
            loop = asyncio.get_running_loop()
            self._refilling = loop.call_later(self._policy.refill_after_s, self._refill_behind)

    def _refill_behind(self) -> None:
        self._refilling = None
        self.refill()

    def _reserve(self, shelf: Shelf[S]) -> int | None:
        """Memory for one more until it is made, None when there is none. Callers have their function's already; what
        is to wait on the shelf needs some of its own."""
        if len(shelf.callers) > shelf.making:
            return 0
        there = len(shelf.ready) + shelf.making - len(shelf.callers)
        if not self.memory.may_add(shelf.size_mb, needed=there < self._least(shelf)):
            return None
        self.memory.take(shelf.size_mb)
        return shelf.size_mb

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

    async def _make_one(self, key: PoolKey, shelf: Shelf[S], reserved_mb: int) -> None:
        try:
            await self._make_and_shelve(key, shelf)
        finally:
            if reserved_mb:
                self.memory.free(reserved_mb)

    async def _make_and_shelve(self, key: PoolKey, shelf: Shelf[S]) -> None:
        began = self._clock()
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
        shelf.takes_s += (self._clock() - began - shelf.takes_s) * RECENT
        if self._closed:
            await sandbox.end(EndReason.SHUTDOWN)
        else:
            self._shelve(sandbox)

    def _shelve(self, sandbox: S) -> None:
        shelf = self._shelf(sandbox.key)
        shelf.size_mb = max(1, math.ceil(sandbox.memory_now() / MB))
        while shelf.callers:
            caller = shelf.callers.popleft()
            if not caller.done():
                caller.set_result(sandbox)
                return
        shelf.ready.append(sandbox)
        self._charged[sandbox] = shelf.size_mb
        self.memory.take(shelf.size_mb)

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

    def _least(self, shelf: Shelf[S]) -> int:
        return self._policy.least(permanent=shelf.permanent, idle_s=self._clock() - shelf.last_used)

    def _wanted(self, shelf: Shelf[S]) -> int:
        return self._policy.wanted(self._least(shelf), shelf.demand.peak(self._clock()))

    def _pop(self, shelf: Shelf[S]) -> S | None:
        while shelf.ready:
            sandbox = shelf.ready.popleft()
            if sandbox.alive:
                self.memory.free(self._charged.pop(sandbox))
                return sandbox
            self._leave(sandbox, EndReason.CRASH)
        return None

    def trim(self) -> None:
        """End what waits for nobody: kinds out of use, and what demand asks for no more."""
        for key, shelf in list(self._shelves.items()):
            wanted = self._wanted(shelf)
            while len(shelf.ready) > wanted:
                self._dismiss(shelf, EndReason.IDLE)
            if not (wanted or shelf.ready or shelf.making or shelf.callers):
                self._shelves.pop(key, None)

    def _dismiss(self, shelf: Shelf[S], reason: EndReason) -> int:
        return self._leave(shelf.ready.pop(), reason)

    def _leave(self, sandbox: S, reason: EndReason) -> int:
        """One that waited ends; returns how much memory that will free."""
        memory_mb = self._charged.pop(sandbox)
        self.leaving_mb += memory_mb
        task = asyncio.get_running_loop().create_task(self._remove(sandbox, memory_mb, reason))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        return memory_mb

    async def _remove(self, sandbox: S, memory_mb: int, reason: EndReason) -> None:
        try:
            await sandbox.kill(reason)
        except DriverError as error:
            log.warning("%s", error)
        self.leaving_mb -= memory_mb
        self.memory.free(memory_mb)
        try:
            await sandbox.end(reason)
        except DriverError as error:
            log.warning("%s; the next start removes it", error)

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
                self._dismiss(shelf, EndReason.SHUTDOWN)
        await asyncio.gather(*self._leaving)
