"""The event rows as a drain sees them: all its database work, done in one thread of its own, since an event loop
must not wait for a database. Knows what may be taken for lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import connections
from django.db.models import Max

from functions.config import Config
from functions.models import Revision
from functions.queries.recorder import standing
from functions.queues import enqueue_another_drain
from functions.services import events
from functions.services.events import Claimed
from runner.client import GatewayClient, GatewayDown, GatewayRefused

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
RECORDER_PATIENCE_S = 3.0
T = TypeVar("T")


class Ledger:
    """Claims, renewals and returns of one drain, called `owner`. An async context manager."""

    def __init__(self, config: Config, owner: str) -> None:
        self._config = config
        self._owner = owner
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def __aenter__(self) -> Ledger:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._do(connections.close_all)
        self._thread.shutdown()

    async def claim(
        self, limit: int, *, skipped: Collection[UUID] = (), only: UUID | None = None
    ) -> list[Claimed]:
        """Events to deliver now."""
        return await self._do(lambda: self._claim(limit, skipped, only))

    async def renew(self, claims: Sequence[Claimed]) -> None:
        """Hold these longer."""
        await self._do(lambda: events.renew(claims, owner=self._owner, now=_now()))

    async def give_back(self, claim: Claimed, reason: str) -> None:
        """Nothing ran; try again later."""
        await self._do(lambda: events.give_back(claim, reason=reason, now=_now()))

    async def bury(self, claim: Claimed, reason: str) -> None:
        """It can never run."""
        await self._do(lambda: events.bury(claim, reason=reason, now=_now()))

    async def call_another(self) -> None:
        """Have another worker help with what is due, if there is one."""
        await self._do(enqueue_another_drain)

    def _claim(self, limit: int, skipped: Collection[UUID], only: UUID | None) -> list[Claimed]:
        now = _now()
        # Reading first keeps a drain that only waits from taking the database's write lock.
        if not events.any_due(now, lost_before=now):
            return []
        return events.claim_due(
            limit=limit,
            owner=self._owner,
            now=now,
            lost_before=self._lost_before(now),
            timeouts=longest_runs,
            skipped=skipped,
            only=only,
        )

    def _lost_before(self, now: datetime) -> datetime:
        """Until when all records are stored. A lease that ended before, on an event that no record has closed,
        was lost with its worker or its gateway; otherwise the record may just be on its way."""
        if not events.any_lost(now):
            return LONG_AGO
        try:
            with GatewayClient(self._config) as client:
                if client.health().journal_backlog:
                    return LONG_AGO
        except (GatewayDown, GatewayRefused):
            return LONG_AGO
        deadline = time.monotonic() + RECORDER_PATIENCE_S
        while time.monotonic() < deadline:
            said = standing()
            if said is not None and said.caught_up >= now:
                return now
            time.sleep(0.1)
        return LONG_AGO

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def longest_runs(function_ids: Collection[UUID]) -> Mapping[UUID, timedelta]:
    """The longest time-out among each function's revisions: any of them may be what an alias leads to."""
    rows = Revision.objects.filter(function_id__in=function_ids).values_list("function_id")
    return {key: timedelta(seconds=seconds) for key, seconds in rows.annotate(Max("timeout_s"))}


def _now() -> datetime:
    return datetime.now(UTC)
