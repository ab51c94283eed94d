"""Queues as the poller sees them: all its database work, done in one thread of its own, since an event loop must not
wait for a database. What a batch is, stands here; when it is called, does not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import connections
from django.db.models import Min

from functions import lineage, queues
from functions.event_patterns import read_event_pattern
from functions.models import EventSourceMapping, QueueMessage
from functions.queries.event_sources import working_mappings
from functions.queries.queue_events import filtered_form, sqs_event, sqs_record
from functions.services import queue_messages
from functions.services.event_sources import note_result
from functions.states import RecursiveLoop

SHORTEST_HOLD_S = 10
LARGEST_BATCH = 5 * 1024 * 1024  # of bodies; with what JSON adds it stays within the 6 MB of a call
NOTED_EVERY_S = 5.0
ALONE_S = 15
log = logging.getLogger("functory.sources")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that nobody else has for `hold_s`, and the event that they make."""

    mapping: EventSourceMapping
    messages: Sequence[QueueMessage]
    payload: bytes
    trace: str
    hold_s: int

    @property
    def ids(self) -> list[str]:
        """As the function knows the messages."""
        return [str(message.message_id) for message in self.messages]


class Desk:
    """All of one poller, called `owner`. An async context manager."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="queues")
        self._noted: dict[UUID, tuple[str, float]] = {}

    async def __aenter__(self) -> Desk:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._do(connections.close_all)
        self._thread.shutdown()

    async def is_alone(self) -> bool:
        """Whether this poller is the only one, for some seconds from now on: what a mapping may have under way is
        counted here, and one is fast enough."""
        return await self._do(lambda: queues.hold_sources(self._owner, ALONE_S))

    async def leave(self) -> None:
        """Another may begin."""
        await self._do(lambda: queues.release_sources(self._owner))

    async def mappings(self) -> list[EventSourceMapping]:
        """Those that call functions now."""
        return await self._do(working_mappings)

    async def filled(self, queue_ids: Collection[UUID]) -> set[UUID]:
        """Which of these queues have messages."""

        def look() -> set[UUID]:
            rows = QueueMessage.objects.filter(queue_id__in=queue_ids, visible_at__lte=_now())
            return set(rows.order_by().values_list("queue_id", flat=True).distinct())

        return await self._do(look)

    async def take(self, mapping: EventSourceMapping) -> Batch | None:
        """Its next batch; None while there is none, or its window is open."""
        return await self._do(lambda: take(mapping, _now()))

    async def hold(self, batch: Batch) -> None:
        """Keep its messages from others for longer."""
        await self._do(lambda: queue_messages.hold(batch.messages, seconds=batch.hold_s, now=_now()))

    async def settle(self, batch: Batch, failed: Collection[str]) -> None:
        """Those that failed come again, later each time; the others are done."""
        bad = [message for message in batch.messages if str(message.message_id) in failed]
        good = [message for message in batch.messages if str(message.message_id) not in failed]

        def work() -> None:
            queue_messages.finish(good)
            queue_messages.give_back(bad, now=_now(), counted=True)

        await self._do(work)

    async def give_back(self, batch: Batch) -> None:
        """The function has not seen it."""
        await self._do(lambda: queue_messages.give_back(batch.messages, now=_now(), counted=False))

    async def note(self, mapping_id: UUID, result: str) -> None:
        """How it went: each other result, and the same one every few seconds."""
        before, at = self._noted.get(mapping_id, ("", 0.0))
        now = time.monotonic()
        if before != result or now - at >= NOTED_EVERY_S:
            self._noted[mapping_id] = (result, now)
            await self._do(lambda: note_result(mapping_id=mapping_id, result=result, now=_now()))

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def take(mapping: EventSourceMapping, now: datetime) -> Batch | None:
    """See Desk.take. What no filter means is deleted on the way, as AWS does."""
    queue = mapping.queue
    if queue is None or not _is_time(mapping, queue.pk, now):
        return None
    hold_s = max(queue.visibility_s, SHORTEST_HOLD_S)
    while found := queue_messages.receive(
        queue=queue, limit=mapping.batch_size, hidden_s=hold_s, now=now, most_bytes=LARGEST_BATCH
    ):
        meant = _without_loops(mapping, _meant(mapping, found))
        if meant:
            trace = _trace(mapping, meant)
            return Batch(mapping, meant, sqs_event(queue, meant), trace, hold_s)
    return None


def _is_time(mapping: EventSourceMapping, queue_id: UUID, now: datetime) -> bool:
    """Whether the batch is full, or its first message has waited for as long as the window is."""
    if not mapping.window_s:
        return True
    rows = QueueMessage.objects.filter(queue_id=queue_id, visible_at__lte=now)
    first = rows.aggregate(first=Min("visible_at"))["first"]
    if first is None or first <= now - timedelta(seconds=mapping.window_s):
        return first is not None
    return rows.order_by()[: mapping.batch_size].count() >= mapping.batch_size


def _meant(mapping: EventSourceMapping, found: Sequence[QueueMessage]) -> list[QueueMessage]:
    queue = mapping.queue
    if not mapping.filters or queue is None:
        return list(found)
    tests = [read_event_pattern(pattern) for pattern in mapping.filters]
    forms = [(message, filtered_form(sqs_record(queue, message))) for message in found]
    meant = [message for message, form in forms if any(test(form) for test in tests)]
    queue_messages.finish([message for message in found if message not in meant])
    return meant


def _without_loops(mapping: EventSourceMapping, found: Sequence[QueueMessage]) -> list[QueueMessage]:
    """Messages that a chain of calls has sent to itself again and again end here, as with any other trigger."""
    function = mapping.function
    if function.recursive_loop != RecursiveLoop.TERMINATE:
        return list(found)
    looping = [
        message
        for message in found
        if lineage.extended(message.trace, str(function.pk))[1] > lineage.MOST_CALLS
    ]
    if looping and mapping.queue is not None:
        log.warning("a recursive loop through %s ends here", function.name)
        queue_messages.bury(queue=mapping.queue, messages=looping)
    return [message for message in found if message not in looping]


def _trace(mapping: EventSourceMapping, messages: Sequence[QueueMessage]) -> str:
    """Of the message that has come the longest way."""
    extended = [lineage.extended(message.trace, str(mapping.function_id)) for message in messages]
    trace, _ = max(extended, key=lambda pair: pair[1])
    return trace.lstrip(";")


def _now() -> datetime:
    return datetime.now(UTC)
