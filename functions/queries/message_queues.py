"""Queues as they are asked for: by address or ARN, with how many messages they hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from functions.installation import config
from functions.message_queues import named_by_arn, named_by_url
from functions.models import EventSourceMapping, MessageQueue, Project, QueueMessage
from functions.queue_errors import InvalidQueueParameter, no_such_queue


@dataclass(frozen=True, slots=True)
class Holding:
    """Messages of a queue: to be received now, held by somebody, and not due yet."""

    visible: int = 0
    held: int = 0
    delayed: int = 0


def queues_of(project_id: UUID, region: str) -> QuerySet[MessageQueue]:
    """A project's queues of a region."""
    rows = MessageQueue.objects.filter(project_id=project_id, region=region)
    return rows.select_related("project")


def queue_named(project: Project, region: str, name: str) -> MessageQueue:
    """By name; raises QueueDoesNotExist."""
    found = queues_of(project.pk, region).filter(name=name).first()
    if found is None:
        raise no_such_queue()
    return found


def queue_at(project: Project, region: str, url: str) -> MessageQueue:
    """By QueueUrl, which does not say the region; raises InvalidAddress and QueueDoesNotExist."""
    account, name = named_by_url(url)
    if account != project.account:
        raise no_such_queue()
    return queue_named(project, region, name)


def queue_by_arn(project_id: UUID, account: str, arn: str) -> MessageQueue | None:
    """By ARN, within a project."""
    try:
        region, owner, name = named_by_arn(arn)
    except InvalidQueueParameter:
        return None
    return queues_of(project_id, region).filter(name=name).first() if owner == account else None


def dead_letter_queue(queue: MessageQueue) -> MessageQueue | None:
    """Where its messages go in the end, if that exists."""
    if not queue.dead_letter_arn:
        return None
    return queue_by_arn(queue.project_id, queue.project.account, queue.dead_letter_arn)


def sources_of(queue: MessageQueue) -> QuerySet[MessageQueue]:
    """The queues whose dead letters it takes, by name."""
    return queues_of(queue.project_id, queue.region).filter(dead_letter_arn=queue.arn).order_by("name")


def url_of(queue: MessageQueue) -> str:
    """Its address."""
    return f"{config().gateway_public_url.rstrip('/')}/{queue.project.account}/{queue.name}"


def holding(queue: MessageQueue, now: datetime) -> Holding:
    """How many messages it has."""
    hidden = Q(visible_at__gt=now)
    found = QueueMessage.objects.filter(queue_id=queue.pk).aggregate(
        visible=Count("pk", filter=~hidden),
        held=Count("pk", filter=hidden & Q(receives__gt=0)),
        delayed=Count("pk", filter=hidden & Q(receives=0)),
    )
    return Holding(**found)


def any_visible(queue_ids: Collection[UUID], now: datetime) -> bool:
    """Whether one of these queues has a message that may be received now."""
    return QueueMessage.objects.filter(queue_id__in=queue_ids, visible_at__lte=now).exists()


def watched_queues() -> Sequence[UUID]:
    """Queues whose messages call a function that is there and not paused."""
    rows = EventSourceMapping.objects.filter(enabled=True, queue__isnull=False)
    rows = rows.filter(function__deleted_at=None, function__paused_at=None).exclude(function__latest=None)
    return list(rows.values_list("queue_id", flat=True).distinct())


def is_watched(queue_id: UUID) -> bool:
    """Whether messages of a queue call a function."""
    return EventSourceMapping.objects.filter(queue_id=queue_id, enabled=True).exists()
