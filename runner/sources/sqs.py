"""The poller of message queues: takes batches for the functions that are called for them, many at once over the
gateway's socket. It may die at any moment: what it had taken becomes visible again by itself. Knows neither rows nor
Redis."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from functions.models import EventSourceMapping
from functions.states import TriggerKind
from runner.client import AsyncGatewayClient, GatewayDown, GatewayRefused, Order
from runner.jobs.bell import Bell
from runner.sources.desk import Batch, Desk
from runner.sources.verdicts import failed_messages, has_run, result_of
from runner.unix_http import NotSent

AT_ONCE = 200
# As AWS begins: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
FIRST_AT_ONCE = 5
MOST_AT_ONCE = 100
POLL_S = 0.1
LOOK_EVERY_S = 1.0
ALONE_EVERY_S = 4.0
POLL_FOR_S = 600.0
STOP_PATIENCE_S = 5.0
log = logging.getLogger("functory.sources")


@dataclass(slots=True)
class Load:
    """How many batches of one mapping are under way, and may be: one more for each that got through, half of them
    when the function is throttled or cannot be called."""

    under_way: int = 0
    limit: float = FIRST_AT_ONCE

    def room(self, mapping: EventSourceMapping) -> int:
        """How many more may begin."""
        return min(int(self.limit), mapping.most_at_once or MOST_AT_ONCE) - self.under_way

    def ended(self, *, got_through: bool) -> None:
        """One has ended."""
        self.under_way -= 1
        self.limit = min(self.limit + 1, MOST_AT_ONCE) if got_through else max(1.0, self.limit / 2)


@dataclass
class QueuePolls:
    """Runs until nothing is there to be taken, `stopping` is set, or it has taken for ten minutes."""

    client: AsyncGatewayClient
    desk: Desk
    stopping: threading.Event
    bell: Bell | None = None
    delivered: int = 0
    _loads: dict[UUID, Load] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _mappings: list[EventSourceMapping] = field(default_factory=list)
    _gateway_down: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)  # one has ended, or the bell has rung

    def __post_init__(self) -> None:
        if self.bell is not None:
            self.bell.rings.append(self._changed.set)

    async def run(self) -> None:
        """Poll, unless another poller does."""
        if not self._gateway_down and await self.desk.is_alone():
            try:
                await self._poll()
                await self._finish()
            finally:
                await self.desk.leave()

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        last, look, alone = loop.time() + POLL_FOR_S, 0.0, loop.time() + ALONE_EVERY_S
        while not self._gateway_down and not self.stopping.is_set() and loop.time() < last:
            if loop.time() >= alone:
                alone = loop.time() + ALONE_EVERY_S
                if not await self.desk.is_alone():
                    return
            if loop.time() >= look:
                look, self._mappings = loop.time() + LOOK_EVERY_S, await self.desk.mappings()
            begun = await self._begin()
            if not begun and not self._under_way:
                return
            await self._wait(0 if begun else POLL_S)

    async def _begin(self) -> int:
        """Take a batch for each mapping that has room, in turns, so that none waits for another's full queue."""
        free = [mapping for mapping in self._mappings if self._load(mapping).room(mapping) > 0]
        filled = await self.desk.filled({mapping.queue_id for mapping in free if mapping.queue_id})
        begun = 0
        for mapping in free:
            if mapping.queue_id not in filled or len(self._under_way) >= AT_ONCE:
                continue
            batch = await self.desk.take(mapping)
            if batch is not None:
                self._load(mapping).under_way += 1
                task = asyncio.ensure_future(self._deliver(batch))
                task.add_done_callback(lambda _task: self._changed.set())
                self._under_way.add(task)
                begun += 1
        return begun

    def _load(self, mapping: EventSourceMapping) -> Load:
        return self._loads.setdefault(mapping.pk, Load())

    async def _wait(self, seconds: float) -> None:
        if not self._under_way:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
        self._changed.clear()
        done = {task for task in self._under_way if task.done()}
        self._under_way -= done
        for task in done:
            task.result()

    async def _finish(self) -> None:
        """Wait for what is under way; when told to stop, not for long: what is left becomes visible again."""
        loop = asyncio.get_running_loop()
        deadline = float("inf")
        while self._under_way and loop.time() < deadline:
            if self.stopping.is_set():
                deadline = min(deadline, loop.time() + STOP_PATIENCE_S)
            await self._wait(POLL_S)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _deliver(self, batch: Batch) -> None:
        got_through = False
        holding = asyncio.ensure_future(self._hold(batch))
        try:
            record = await self.client.invoke(order_of(batch))
            got_through = has_run(record)
            failed = failed_messages(record, batch.ids, reports=batch.mapping.reports_failures)
            await (self.desk.settle(batch, failed) if got_through else self.desk.give_back(batch))
            self.delivered += got_through
            await self.desk.note(batch.mapping.pk, result_of(record, failed))
        except GatewayRefused as refusal:
            await self.desk.give_back(batch)
            await self.desk.note(batch.mapping.pk, f"PROBLEM: {refusal.code}: {refusal.message}")
        except GatewayDown as down:
            self._gateway_down = True
            if isinstance(down.__cause__, NotSent):  # so nothing can have run
                await self.desk.give_back(batch)
            # Otherwise it may have run, or still run: its messages become visible again in time.
        finally:
            holding.cancel()
            with suppress(asyncio.CancelledError):
                await holding
            self._load(batch.mapping).ended(got_through=got_through)

    async def _hold(self, batch: Batch) -> None:
        """While the function runs, or waits for its turn, nobody else is to get the messages."""
        while True:
            await asyncio.sleep(batch.hold_s / 3)
            await self.desk.hold(batch)


def order_of(batch: Batch) -> Order:
    """What the gateway is asked to run."""
    mapping = batch.mapping
    return Order(
        function_id=str(mapping.function_id),
        payload=batch.payload,
        qualifier=mapping.qualifier,
        trigger=TriggerKind.QUEUE,
        trigger_id=str(mapping.pk),
        project_id=str(mapping.function.project_id),
        trace_id=batch.trace,
    )
