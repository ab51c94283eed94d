"""Queues as people look at them: a project's with what lies in each, and messages without receiving them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from functions.errors import ResourceNotFound
from functions.message_queues import named_by_arn
from functions.models import EventSourceMapping, MessageQueue, QueueMessage
from functions.queries.message_queues import Holding
from functions.queries.pages import Page, keyset_page
from functions.queue_errors import InvalidQueueParameter

QUEUES_AT_ONCE = 50
MESSAGES_AT_ONCE = 20
SHOWN_OF_A_BODY = 4000


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A queue, what it holds, which functions are called for it, and the name of its dead-letter queue."""

    queue: MessageQueue
    held: Holding
    functions: Sequence[str]
    dead_letters: str


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message as it lies there; `body` is cut at SHOWN_OF_A_BODY characters, `source` the name of the queue whose
    dead letter it is."""

    message: QueueMessage
    body: str
    is_hidden: bool
    source: str

    @property
    def is_held(self) -> bool:
        """Whether somebody has received it and not dealt with it yet."""
        return self.is_hidden and self.message.receives > 0


def queue_lines(project_id: UUID, *, marker: str, now: datetime) -> Page[QueueLine]:
    """A page of a project's queues of all regions by name."""
    rows = MessageQueue.objects.filter(project_id=project_id).select_related("project")
    page = keyset_page(rows, order=["name", "id"], marker=marker, size=QUEUES_AT_ONCE)
    ids = [queue.pk for queue in page.items]
    held, functions = _holdings(ids, now), _functions(ids)
    return page.map(
        lambda queue: QueueLine(
            queue, held.get(queue.pk, Holding()), functions[queue.pk], name_in(queue.dead_letter_arn)
        )
    )


def queue_with_id(project_id: UUID, queue_id: UUID) -> MessageQueue:
    """One of the project's; raises ResourceNotFound."""
    rows = MessageQueue.objects.filter(project_id=project_id).select_related("project")
    found = rows.filter(pk=queue_id).first()
    if found is None:
        raise ResourceNotFound("There is no such queue: it was deleted, or never made.")
    return found


def queue_line(queue: MessageQueue, now: datetime) -> QueueLine:
    """One of them."""
    held = _holdings([queue.pk], now).get(queue.pk, Holding())
    return QueueLine(queue, held, _functions([queue.pk])[queue.pk], name_in(queue.dead_letter_arn))


def possible_dead_letters(queue: MessageQueue) -> list[str]:
    """Names of the queues that may take its dead letters."""
    rows = MessageQueue.objects.filter(
        project_id=queue.project_id, region=queue.region, fifo=queue.fifo
    ).exclude(pk=queue.pk)
    return list(rows.order_by("name").values_list("name", flat=True)[:1000])


def messages_of(queue: MessageQueue, *, marker: str, now: datetime) -> Page[MessageLine]:
    """A page of its messages, the oldest first. Nothing is received: who looks takes nothing from anybody."""
    rows = QueueMessage.objects.filter(queue_id=queue.pk)
    page = keyset_page(rows, order=["number"], marker=marker, size=MESSAGES_AT_ONCE)
    return page.map(
        lambda row: MessageLine(
            row, row.body[:SHOWN_OF_A_BODY], row.visible_at > now, name_in(row.source_arn)
        )
    )


def name_in(arn: str) -> str:
    """The name of a queue in its ARN; "" for none."""
    try:
        return named_by_arn(arn)[2] if arn else ""
    except InvalidQueueParameter:
        return ""


def _holdings(queue_ids: Collection[UUID], now: datetime) -> dict[UUID, Holding]:
    hidden = Q(visible_at__gt=now)
    rows = QueueMessage.objects.filter(queue_id__in=queue_ids).values("queue_id")
    counted = rows.annotate(
        visible=Count("pk", filter=~hidden),
        held=Count("pk", filter=hidden & Q(receives__gt=0)),
        delayed=Count("pk", filter=hidden & Q(receives=0)),
    )
    return {
        row["queue_id"]: Holding(row["visible"], row["held"], row["delayed"]) for row in counted.order_by()
    }


def _functions(queue_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    rows = EventSourceMapping.objects.filter(queue_id__in=queue_ids, function__deleted_at=None)
    found: dict[UUID, list[str]] = defaultdict(list)
    for queue_id, name in rows.order_by("function__name").values_list("queue_id", "function__name"):
        if queue_id is not None:
            found[queue_id].append(name)
    return found
