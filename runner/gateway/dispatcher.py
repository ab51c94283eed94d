"""Gives each call a lease and a sandbox, and writes down how it ended. All callbacks on one loop, no task
per call. Knows no HTTP and no SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from functions import limits
from functions.errors import FunctoryError, ServiceError, ServiceUnavailable, TooManyRequests
from functions.snapshots import FunctionSnapshot
from functions.states import EndReason, Outcome
from runner.gateway import report
from runner.gateway.fleet import Fleet
from runner.gateway.invocation import Finished, Invocation, now_us
from runner.gateway.journal import Journal
from runner.gateway.lanes import Placement
from runner.sandbox.leases import RATE, RESERVED, Leases
from runner.sandbox.spec import Bound, Call, Ended

# How a call ended, when that is also the end of its sandbox.
FATAL = {
    Outcome.TIMEOUT: EndReason.TIMEOUT,
    Outcome.OUT_OF_MEMORY: EndReason.OUT_OF_MEMORY,
    Outcome.CRASH: EndReason.CRASH,
    Outcome.PLATFORM: EndReason.PLATFORM,
    Outcome.INIT_FAILURE: EndReason.INIT_FAILURE,
}
RECENT = 0.1  # weight of one call's duration in what is typical of its revision
LARGEST_RESPONSE = limits.SYNC_PAYLOAD + 100


class Dispatcher:
    """The way of a call. `on_finished` hears of every call that ran (live tail)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, fleet: Fleet, journal: Journal) -> None:
        self._loop = loop
        self._fleet = fleet
        self._journal = journal
        self._capture = report.Capture()
        self._leases = Leases()
        self.running = 0
        self.stopping = False
        self.on_finished: Callable[[Finished], None] | None = None
        fleet.run = self._run
        fleet.init_failed = self._init_failed
        fleet.refuse = self._give_up

    # --- a call comes ---

    def submit(self, call: Invocation) -> None:
        """Run a call, now or when a sandbox is there; `call.done` is told later, once."""
        snapshot = call.snapshot
        refusal = self._refusal_at_once(snapshot)
        if refusal is None:
            reason = self._leases.take(
                snapshot.function_id,
                snapshot.account,
                snapshot.reserved_concurrency,
                snapshot.account_concurrency,
            )
            call.concurrency = self._leases.running(snapshot.function_id)
            if not reason:
                call.reserved = snapshot.reserved_concurrency
                self.running += 1
                self._place(call)
                return
            refusal = TooManyRequests("Rate Exceeded.", reason=reason)
        self._refuse(call, refusal)

    def _refusal_at_once(self, snapshot: FunctionSnapshot) -> FunctoryError | None:
        if snapshot.paused:
            message = f"The function {snapshot.name} is paused: resume it to run it again."
            return TooManyRequests(message, reason=RESERVED)
        if snapshot.over_budget:
            return TooManyRequests(snapshot.over_budget, reason=RATE)
        if self.stopping:
            return ServiceUnavailable("Functory is stopping: try again in a moment.")
        return None

    def _place(self, call: Invocation) -> None:
        lane = self._fleet.lanes.get(call.snapshot)
        warm = lane.warm
        while warm:
            placement = warm.pop()
            if placement.sandbox.alive:
                self._run(placement, call)
                return
        self._fleet.queue(call, lane)

    def _run(self, placement: Placement, call: Invocation) -> None:
        started_us = call.started_us = now_us()
        snapshot = call.snapshot
        placement.call = call
        order = Call(
            call.request_id,
            call.payload,
            snapshot.arn,
            snapshot.timeout_s,
            started_us // 1000 + snapshot.timeout_s * 1000,
            call.trace_id,
            call.client_context,
            call.identity,
        )
        placement.sandbox.invoke(order, partial(self._ended, placement), call.on_chunk)

    # --- a call ends ---

    def _ended(self, placement: Placement, ended: Ended) -> None:
        call = placement.call
        if call is None:
            return
        placement.call = None
        placement.calls += 1
        placement.last_used_us = call.started_us + ended.duration_us
        cold, placement.cold = placement.cold, False
        init_us, placement.init_us = placement.init_us, 0
        self._give_back(call)
        lane = placement.lane
        lane.typical_us += (ended.duration_us - lane.typical_us) * (RECENT if lane.typical_us else 1)
        if len(ended.response) > LARGEST_RESPONSE and call.on_chunk is None:
            ended = report.too_large(ended)
        self._finish(call, ended, cold=cold, init_us=init_us, sandbox_id=placement.sandbox.id)
        reason = None if ended.outcome is Outcome.SUCCESS else FATAL.get(ended.outcome)
        if reason is None and not placement.sandbox.alive:
            reason = EndReason.CRASH  # it answered, and then its process ended
        if reason is None:
            self._fleet.offer(placement)
        else:
            self._fleet.end(placement, reason, report.error_of(call, ended)[1])

    def _finish(self, call: Invocation, ended: Ended, *, cold: bool, init_us: int, sandbox_id: str) -> None:
        billed = report.billed_of(ended, init_us)
        log = report.log_text(call, ended, billed=billed, init_us=init_us)
        succeeded = ended.outcome is Outcome.SUCCESS
        response = ended.response if succeeded else report.error_response(call, ended)
        record = report.record_of(
            call,
            ended,
            response=response,
            log=log,
            billed=billed,
            init_us=init_us,
            cold=cold,
            sandbox_id=sandbox_id,
            captured=self._capture.wants(call, ended.outcome),
        )
        finished = Finished(record, response, log)
        if ended.outcome is Outcome.PLATFORM:
            finished.refusal = ServiceError(record.error_message)
        self._journal.add(record, partial(call.done, finished))
        if self.on_finished is not None:
            self.on_finished(finished)

    def _init_failed(self, call: Invocation, bound: Bound) -> None:
        """The start that a call waited for failed in the function's code."""
        call.started_us = now_us()
        self._give_back(call)
        self._finish(call, report.init_failed(bound), cold=True, init_us=bound.init_us, sandbox_id="")

    def _give_up(self, call: Invocation, refusal: FunctoryError) -> None:
        """A call that held a lease is not run after all."""
        self._give_back(call)
        self._refuse(call, refusal)

    def _refuse(self, call: Invocation, refusal: FunctoryError) -> None:
        # An event may have been accepted hours ago: what counts for the metrics is when it was refused.
        call.started_us = call.started_us or now_us()
        throttled = isinstance(refusal, TooManyRequests)
        outcome = Outcome.THROTTLED if throttled else Outcome.PLATFORM
        record = report.refused_record(call, outcome, refusal)
        self._journal.add(record, partial(call.done, Finished(record, b"", "", refusal)))

    def _give_back(self, call: Invocation) -> None:
        self.running -= 1
        self._leases.give_back(call.snapshot.function_id, call.snapshot.account, call.reserved)

    # --- the end of it all ---

    async def stop(self, grace_s: float) -> None:
        """Refuse new calls, let running ones end, write down those that did not."""
        self.stopping = True
        deadline = self._loop.time() + grace_s
        while self.running and self._loop.time() < deadline:
            await asyncio.sleep(0.02)
        cut = Ended(Outcome.PLATFORM, b"", 0, 0, b"", error_message="Functory stopped while the call ran.")
        for placement in self._fleet.lanes.placements():
            self._ended(placement, cut)
        await self._fleet.close()
