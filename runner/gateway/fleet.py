"""The bound sandboxes: who waits for one, when another is started, and when one ends. Told what to do with a
call by its three callbacks; knows no records and no HTTP."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial

from functions.errors import FunctoryError, ServiceUnavailable, TooManyRequests
from functions.snapshots import FunctionSnapshot
from functions.states import EndReason, Outcome
from runner.gateway.ends import Ends
from runner.gateway.invocation import Invocation
from runner.gateway.lanes import Lane, LaneKey, Lanes, Placement, Sandbox, lane_key
from runner.gateway.room import Room
from runner.gateway.starts import Starter
from runner.sandbox import eviction
from runner.sandbox.leases import ACCOUNT
from runner.sandbox.spec import Bound

CLOSE_ENOUGH_S = 0.001
log = logging.getLogger("functory.fleet")


@dataclass(frozen=True, slots=True)
class Rules:
    """Times in seconds; `queue` is how many calls may wait for the machine at once. Beyond `enough`
    sandboxes of a revision none is started at once for calls that will be done before it could be there, nor for
    calls of less than `short_us`, or of whom nothing is known, that will not wait longer than `hold_s`: they compute,
    and more than the processors run help nobody while their start takes the processors."""

    warm_s: float = 600.0
    patience_s: float = 30.0
    queue: int = 1000
    keep_warmed_s: float = 120.0
    enough: int = 2 * len(os.sched_getaffinity(0))
    short_us: float = 10_000
    hold_s: float = 0.1


@dataclass(eq=False, slots=True)
class Wish:
    """A deploy that waits for memory. Granted means taken."""

    snapshot: FunctionSnapshot
    granted: asyncio.Future[None]


def _unset(*_: object) -> None:
    raise RuntimeError("the fleet has no dispatcher")


class Fleet:
    """All lanes with their sandboxes. A call that waits is handed to exactly one of the callbacks."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, starter: Starter, room: Room, rules: Rules | None = None
    ) -> None:
        self._loop = loop
        self._starter = starter
        self._rules = rules or Rules()
        self._starving: list[Lane] = []
        self._warming: deque[Wish] = deque()
        self._patience: dict[Lane, asyncio.TimerHandle] = {}
        self._held: dict[Lane, asyncio.TimerHandle] = {}
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.lanes = Lanes()
        self.by_id: dict[str, Placement] = {}
        self.room = room
        self.ends = Ends()
        self.stopping = False
        self.run: Callable[[Placement, Invocation], None] = _unset
        self.init_failed: Callable[[Invocation, Bound], None] = _unset
        self.refuse: Callable[[Invocation, FunctoryError], None] = _unset

    # --- calls that wait ---

    def queue(self, call: Invocation, lane: Lane) -> None:
        """No warm sandbox: wait for the next that is free or started."""
        refusal = self._too_much(lane)
        if refusal is not None:
            self.refuse(call, refusal)
            return
        lane.waiting.append(call)
        self._waiting += 1
        call.waits_until = self._loop.time() + self._rules.patience_s
        if lane not in self._patience:
            self._watch_patience(lane, self._rules.patience_s)
        if not lane.hungry:  # else room was looked for and will be again when there is some
            self._start_missing(lane)

    def offer(self, placement: Placement) -> None:
        """A sandbox has nothing to do: the longest waiting call of its revision, else back on the stack."""
        lane = placement.lane
        if placement.ending is not None:
            self.end(placement, placement.ending)
        elif lane.waiting and placement.sandbox.alive:
            self.run(placement, self._next(lane))
        elif lane.retired or self.stopping:
            self.end(placement, EndReason.SHUTDOWN if self.stopping else EndReason.DRAINED)
        else:
            placement.last_used = self._loop.time()
            lane.warm.append(placement)
            if self._starving or self._warming:  # not wants_room: this is the way of every call
                self._feed()

    def _next(self, lane: Lane) -> Invocation:
        call = lane.waiting.popleft()
        self._waiting -= 1
        return call

    def _too_much(self, lane: Lane) -> FunctoryError | None:
        if lane.snapshot.memory_mb > self.room.limit_mb:
            return ServiceUnavailable(
                f"The function needs {lane.snapshot.memory_mb} MB; this machine gives sandboxes "
                f"{self.room.limit_mb} MB in all (FUNCTORY_SANDBOX_MEMORY_MB)."
            )
        if self._waiting >= self._rules.queue:
            return TooManyRequests("The machine is full and its queue is too.", reason=ACCOUNT)
        return None

    def _watch_patience(self, lane: Lane, after_s: float) -> None:
        """One timer for all that wait in a lane, since the first of them is the first to give up."""
        self._patience[lane] = self._loop.call_later(after_s, self._look_for_impatience, lane)

    def _look_for_impatience(self, lane: Lane) -> None:
        del self._patience[lane]
        now = self._loop.time()
        while lane.waiting and lane.waiting[0].waits_until - now < CLOSE_ENOUGH_S:
            self._give_up(self._next(lane), lane)
        if lane.waiting:
            self._watch_patience(lane, lane.waiting[0].waits_until - now)

    def _give_up(self, call: Invocation, lane: Lane) -> None:
        seconds = self._rules.patience_s
        lacking = "had no room for another sandbox" if lane.hungry else "could not start another sandbox"
        message = f"The machine {lacking} within {seconds:.0f} seconds."
        self.refuse(call, TooManyRequests(message, reason=ACCOUNT))
        self.lanes.forget(lane)

    def _is_held(self, lane: Lane) -> bool:
        """Whether the sandboxes that there are will do for all that wait. Looked at again in a moment."""
        if lane in self._held:
            return True
        rules, count = self._rules, len(lane.placements) + lane.starting
        if count < rules.enough:
            return False
        start_s = self._starter.wait_s(lane.snapshot)
        if lane.typical_us < rules.short_us:
            start_s = max(start_s, rules.hold_s)
        if lane.typical_us * len(lane.waiting) / count > start_s * 1_000_000:
            return False
        self._held[lane] = self._loop.call_later(start_s, self._release, lane, lane.waiting[0])
        return True

    def _release(self, lane: Lane, first: Invocation) -> None:
        """If who waited first still does, it was guessed wrong: as many again. The engine starts a few at once, so
        that asking for one for each call would gain nothing, and leave sandboxes that nobody needs any more."""
        del self._held[lane]
        if lane.waiting:
            was_wrong = lane.waiting[0] is first
            self._start_missing(lane, at_least=len(lane.placements) + lane.starting if was_wrong else 0)

    # --- room ---

    def _start_missing(self, lane: Lane, *, at_least: int = 0) -> None:
        while lane.starting < len(lane.waiting) and not self.stopping:
            if at_least <= 0 and self._is_held(lane):
                return
            at_least -= 1
            if not self._make_room(lane.snapshot):
                if not lane.hungry:
                    lane.hungry = True
                    self._starving.append(lane)
                return
            lane.starting += 1
            self._spawn(self._start_for_queue(lane))

    def _make_room(self, snapshot: FunctionSnapshot) -> bool:
        """Take memory for one more sandbox; when it is short, end idle ones and wait until they are dead. The
        prewarmed one that it will be takes room no more, and of the others some give way if idle ones do not do."""
        missing = self.room.missing(snapshot.memory_mb) - self._starter.stock_mb(snapshot)
        if missing <= 0:
            self.room.take(snapshot.memory_mb)
            return True
        missing -= self.ends.leaving_mb + self._starter.leaving_mb
        idle = self.lanes.idle()
        beyond_mb = missing - sum(placement.memory_mb for placement in idle)
        if beyond_mb > 0:
            is_alone = self.room.committed_mb <= self._starter.supply_mb
            missing -= self._starter.give_way(beyond_mb, snapshot, is_alone=is_alone)
        self._end_some(idle, missing)
        return False

    @property
    def wants_room(self) -> bool:
        """Whether calls or deploys wait for memory."""
        return bool(self._starving or self._warming)

    def end_idle(self, memory_mb: int, *, idle_for_s: float) -> None:
        """End sandboxes that nobody has called for so long, if they free so much together."""
        idle = eviction.expired(self.lanes.idle(), self._loop.time(), idle_for_s)
        self._end_some(idle, memory_mb - self.ends.leaving_mb)

    def _end_some(self, idle: Iterable[Placement], memory_mb: int) -> None:
        for placement in eviction.victims(idle, memory_mb) or ():
            self.end(placement, EndReason.EVICTED)

    def _feed(self) -> None:
        """Memory was freed or a sandbox fell idle: who could not start one tries again, oldest first; deploys
        before calls, since calls of the function's old revision may never cease to wait."""
        while self._warming and self._make_room(self._warming[0].snapshot):
            self._warming.popleft().granted.set_result(None)
        starving, self._starving = self._starving, []
        for lane in starving:
            lane.hungry = False
            self._start_missing(lane)

    def freed(self, memory_mb: int) -> None:
        """So much may be used again: by who waits for it, else by the supply."""
        self.room.free(memory_mb)
        if self.wants_room:
            self._feed()
        else:
            self._starter.refill()

    # --- cold starts ---

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start_for_queue(self, lane: Lane) -> None:
        try:
            bound, placement = await self._start(lane, "a call found no warm sandbox")
        except FunctoryError as error:
            self._start_failed(lane, error)
        except Exception:
            log.exception("a cold start of %s failed", lane.snapshot.name)
            self._start_failed(lane, ServiceUnavailable("The sandbox could not be started."))
        else:
            lane.starting -= 1
            if placement is not None:
                self.offer(placement)
            elif lane.waiting:
                self.init_failed(self._next(lane), bound)
        self._start_missing(lane)
        self.lanes.forget(lane)

    def _start_failed(self, lane: Lane, error: FunctoryError) -> None:
        """Of those that wait, one per failed start is told."""
        lane.starting -= 1
        if lane.waiting:
            self.refuse(self._next(lane), error)

    async def _start(self, lane: Lane, why: str) -> tuple[Bound, Placement | None]:
        """A bound sandbox, or none when init failed. The memory is taken already, and freed on failure."""
        snapshot = lane.snapshot
        try:
            sandbox, bound = await self._starter.start(snapshot)
        except BaseException:
            self.freed(snapshot.memory_mb)
            raise
        if bound.outcome is not Outcome.SUCCESS:
            self.ends.note(sandbox.id, snapshot.name, EndReason.INIT_FAILURE, bound.error_message)
            self._leave(sandbox, snapshot.memory_mb, EndReason.INIT_FAILURE)
            return bound, None
        placement = Placement(sandbox, lane, init_us=bound.init_us, why=why)
        lane.placements.add(placement)
        self.by_id[sandbox.id] = placement
        sandbox.on_lost = partial(self._lost, placement)
        return bound, placement

    async def warm(self, snapshot: FunctionSnapshot, why: str = "a deploy checked that it starts") -> Bound:
        """Start one sandbox of a revision and keep it for its first call; raises FunctoryError."""
        lane = self.lanes.get(snapshot)
        lane.kept_until = self._loop.time() + self._rules.keep_warmed_s
        refusal = self._too_much(lane)
        if refusal is not None:
            raise refusal
        lane.starting += 1
        try:
            await self._wait_for_room(lane)
            bound, placement = await self._start(lane, why)
        finally:
            lane.starting -= 1
        if placement is not None:
            placement.cold = False
            placement.init_us = 0
            self.offer(placement)
        self.lanes.forget(lane)
        return bound

    async def _wait_for_room(self, lane: Lane) -> None:
        """Take memory for a sandbox of the lane, waiting for it if need be. When the machine is full of the
        function's own busy sandboxes, as under load, one of them ends after its call."""
        if self._make_room(lane.snapshot):
            return
        wish = Wish(lane.snapshot, self._loop.create_future())
        self._warming.append(wish)
        self._drain_one(lane)
        try:
            await asyncio.wait_for(asyncio.shield(wish.granted), self._rules.patience_s)
        except TimeoutError:
            if not wish.granted.done():
                raise ServiceUnavailable("The machine has no room for another sandbox now.") from None
        except asyncio.CancelledError:
            if wish.granted.done():
                self.freed(wish.snapshot.memory_mb)
            raise
        finally:
            if wish in self._warming:
                self._warming.remove(wish)

    def _drain_one(self, lane: Lane) -> None:
        """One sandbox of the function's other revisions makes room, unless some is on its way already."""
        if self.ends.leaving_mb >= lane.snapshot.memory_mb:
            return
        for other in self.lanes.of_function(lane.snapshot.function_id):
            if other is not lane and other.placements:
                if not any(placement.ending for placement in other.placements):
                    self.end(next(iter(other.placements)), EndReason.DRAINED)
                return

    # --- sandboxes end ---

    def end(self, placement: Placement, reason: EndReason, detail: str = "") -> None:
        """End a sandbox; a busy one after its call."""
        placement.ending = reason
        lane = placement.lane
        if placement in lane.warm:
            lane.warm.remove(placement)
        if placement.call is not None or placement not in lane.placements:
            return
        lane.placements.discard(placement)
        self.by_id.pop(placement.sandbox.id, None)
        self.ends.note(placement.sandbox.id, lane.snapshot.name, reason, detail)
        self._leave(placement.sandbox, placement.memory_mb, reason)
        self._start_missing(lane)
        self.lanes.forget(lane)

    def _leave(self, sandbox: Sandbox, memory_mb: int, reason: EndReason) -> None:
        self._spawn(self.ends.remove(sandbox, memory_mb, reason, self.freed))

    def _lost(self, placement: Placement, reason: EndReason) -> None:
        """A sandbox ended by itself while it had no call."""
        self.end(placement, reason)

    def sweep(self) -> None:
        """End what has idled for its time to live."""
        now = self._loop.time()
        for placement in eviction.expired(self.lanes.idle(), now, self._rules.warm_s):
            self.end(placement, EndReason.IDLE)

    def retain(self, function_id: str, live: set[LaneKey]) -> None:
        """Only these revisions of the function are reachable now: drain the others after their calls. One
        that a deploy has just warmed is about to become reachable."""
        now = self._loop.time()
        for lane in self.lanes.of_function(function_id):
            lane.retired = lane_key(lane.snapshot) not in live and lane.kept_until < now
            if lane.retired:
                for placement in list(lane.placements):
                    self.end(placement, EndReason.DRAINED)

    def find(self, sandbox_id: str) -> Placement | None:
        """A bound sandbox by its id."""
        return self.by_id.get(sandbox_id)

    async def close(self) -> None:
        """Refuse what waits, end every sandbox and wait until they are gone."""
        self.stopping = True
        for lane in self.lanes.all():
            while lane.waiting:
                self.refuse(self._next(lane), ServiceUnavailable("Functory is stopping."))
        for placement in self.lanes.placements():
            placement.call = None
            self.end(placement, EndReason.SHUTDOWN)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=15)
