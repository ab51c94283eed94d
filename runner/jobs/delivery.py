"""One drain: claims due events and delivers many at once over the gateway's socket. It writes down no outcome:
the gateway's record does, through the recorder, so that this process may die at any moment."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress

from functions.services.events import Claimed
from functions.states import TriggerKind
from runner.client import AsyncGatewayClient, GatewayDown, GatewayRefused, Order
from runner.jobs.bell import Bell
from runner.jobs.ledger import Ledger
from runner.jobs.pace import Pace
from runner.unix_http import NotSent

AT_ONCE = 400
BATCH = 100
POLL_S = 0.2
RENEW_EVERY_S = 20.0
CLAIM_FOR_S = 600.0
STOP_PATIENCE_S = 5.0
_WORTH_ANOTHER_TRY = frozenset({408, 409, 429})
log = logging.getLogger("functory.drain")


class Delivery:
    """Runs until nothing is due, `stopping` is set, or it has claimed for ten minutes."""

    def __init__(
        self, client: AsyncGatewayClient, ledger: Ledger, stopping: threading.Event, bell: Bell | None = None
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._stopping = stopping
        self._pace = Pace()
        self._under_way: dict[asyncio.Task[None], Claimed] = {}
        self._gateway_down = False
        self._changed = asyncio.Event()  # one has ended, or the bell has rung
        self._bell = bell
        if bell is not None:
            bell.rings.append(self._changed.set)
        self._failure: BaseException | None = None
        self.delivered = 0

    async def run(self) -> None:
        """Deliver."""
        loop = asyncio.get_running_loop()
        last_claim, renewal = loop.time() + CLAIM_FOR_S, loop.time() + RENEW_EVERY_S
        while not self._gateway_down and not self._stopping.is_set() and loop.time() < last_claim:
            claimed = await self._claim()
            if not claimed and not self._under_way:
                break
            renewal = await self._renew_at(renewal)
            # More may be due already: look again as soon as one has ended, or in a moment.
            await self._wait(0 if claimed else POLL_S)
        await self._finish()

    async def _claim(self) -> int:
        free = AT_ONCE - len(self._under_way)
        if free <= 0:
            if self._bell is not None and self._bell.hears:
                await self._ledger.call_another()
            return 0
        claims = await self._ledger.claim(min(free, BATCH), skipped=self._pace.slowed())
        for function_id, room in self._pace.rooms():
            claims += await self._ledger.claim(room, only=function_id)
        for claim in claims:
            self._pace.started(claim.event.function_id)
            delivering = asyncio.ensure_future(self._deliver(claim))
            self._under_way[delivering] = claim
            delivering.add_done_callback(self._delivered)
        return len(claims)

    def _delivered(self, delivering: asyncio.Task[None]) -> None:
        del self._under_way[delivering]
        self._changed.set()
        if not delivering.cancelled() and (failure := delivering.exception()) is not None:
            self._failure = failure

    async def _wait(self, seconds: float) -> None:
        if not self._under_way:
            return
        # Not asyncio.wait: it would hang a callback on each of hundreds of tasks, at every turn.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
        self._changed.clear()
        if self._failure is not None:
            raise self._failure

    async def _renew_at(self, renewal: float) -> float:
        now = asyncio.get_running_loop().time()
        if now < renewal:
            return renewal
        await self._ledger.renew(list(self._under_way.values()))
        return now + RENEW_EVERY_S

    async def _finish(self) -> None:
        """Wait for what is under way; when told to stop, not for long: its record will tell, and its lease
        holds until then."""
        loop = asyncio.get_running_loop()
        renewal, deadline = loop.time(), float("inf")
        while self._under_way and loop.time() < deadline:
            if self._stopping.is_set():
                deadline = min(deadline, loop.time() + STOP_PATIENCE_S)
            renewal = await self._renew_at(renewal)
            await self._wait(POLL_S)
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _deliver(self, claim: Claimed) -> None:
        throttled = False
        try:
            await self._client.invoke(order_of(claim))
            self.delivered += 1
        except GatewayRefused as refusal:
            throttled = refusal.status == 429
            await self._refused(claim, refusal)
        except GatewayDown as down:
            self._gateway_down = True
            if isinstance(down.__cause__, NotSent):  # so nothing can have run
                await self._ledger.give_back(claim, str(down))
            # Otherwise it may have run, or still run: its record closes it, or its lease runs out.
        finally:
            self._pace.ended(claim.event.function_id, throttled=throttled)

    async def _refused(self, claim: Claimed, refusal: GatewayRefused) -> None:
        """A throttle has a record too; whichever comes first moves the event, the other finds it moved."""
        is_final = 400 <= refusal.status < 500 and refusal.status not in _WORTH_ANOTHER_TRY
        if is_final:
            log.warning("event %s can never run: %s", claim.event.pk, refusal.message)
            await self._ledger.bury(claim, f"{refusal.code}: {refusal.message}")
        else:
            await self._ledger.give_back(claim, f"{refusal.code}: {refusal.message}")


def order_of(claim: Claimed) -> Order:
    """What the gateway is asked to run."""
    event = claim.event
    return Order(
        function_id=str(event.function_id),
        payload=event.payload.encode(),
        qualifier=event.qualifier,
        trigger=TriggerKind(event.trigger),
        trigger_id=event.trigger_id,
        project_id=str(event.project_id),
        event_id=str(event.pk),
        attempt=claim.attempt,
        accepted_us=round(event.accepted_at.timestamp() * 1_000_000),
        trace_id=event.trace_id,
        client_context=event.client_context,
    )
