"""Queues made, changed, emptied and removed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from functions.installation import region_of
from functions.message_queues import FIFO, FIFO_ONLY, check_queue_name, read_attributes
from functions.models import EventSourceMapping, MessageQueue, Project, QueueDeduplication, QueueMessage
from functions.naming import check_tags
from functions.queries.message_queues import queue_by_arn, queues_of
from functions.queue_errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidQueueParameter,
    PurgeQueueInProgress,
    QueueNameExists,
)
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

PURGE_EVERY = timedelta(seconds=60)


def create_queue(
    *,
    acting: Principal,
    project: Project,
    name: str,
    attributes: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> MessageQueue:
    """A queue with AWS's attributes; the one that is there already, if they are the same. Raises QueueNameExists if
    they are not, and what functions.message_queues raises."""
    require(acting, Role.DEVELOPER, project.pk)
    fields = read_attributes(attributes or {})
    queue = MessageQueue(
        project=project,
        region=region_of(acting),
        name=check_queue_name(name),
        tags=check_tags(tags or {}),
        **fields,
    )
    if queue.fifo != name.endswith(FIFO):
        raise InvalidQueueParameter(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
            "with .fifo suffix and be 1 to 80 in length."
        )
    _check(queue, attributes or {})
    try:
        with transaction.atomic():
            queue.save(force_insert=True)
            EventSourceMapping.objects.filter(
                function__project=project, source_arn=queue.arn, queue=None
            ).update(queue=queue)
            after = dict(attributes or {})
            record(acting, "queue.create", queue, project_id=project.pk, name=name, after=after)
    except IntegrityError:
        return _same(queues_of(project.pk, queue.region).get(name=name), fields)
    return queue


@transaction.atomic
def set_attributes(*, acting: Principal, queue: MessageQueue, attributes: Mapping[str, str]) -> None:
    """Change some of AWS's attributes; raises what functions.message_queues raises."""
    require(acting, Role.DEVELOPER, queue.project_id)
    fields = read_attributes(attributes)
    if fields.pop("fifo", queue.fifo) != queue.fifo:
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoQueue. Reason: It cannot be changed."
        )
    before = {name: getattr(queue, name) for name in fields}
    for name, value in fields.items():
        setattr(queue, name, value)
    _check(queue, attributes)
    queue.save(update_fields=[*fields, "changed_at"])
    record(
        acting,
        "queue.update",
        queue,
        project_id=queue.project_id,
        name=queue.name,
        before=before,
        after=fields,
    )


@transaction.atomic
def set_tags(
    *,
    acting: Principal,
    queue: MessageQueue,
    added: Mapping[str, str] | None = None,
    removed: Sequence[str] = (),
) -> None:
    """Add tags, or take some off; raises InvalidParameterValue."""
    require(acting, Role.DEVELOPER, queue.project_id)
    kept = {name: value for name, value in queue.tags.items() if name not in removed}
    before, queue.tags = queue.tags, check_tags({**kept, **(added or {})})
    queue.save(update_fields=["tags", "changed_at"])
    record(
        acting,
        "queue.tag",
        queue,
        project_id=queue.project_id,
        name=queue.name,
        before=before,
        after=queue.tags,
    )


def delete_queue(*, acting: Principal, queue: MessageQueue) -> None:
    """Remove it with all that is in it. Who was called for it stays as it is, and is called again for the next queue
    of that name."""
    require(acting, Role.DEVELOPER, queue.project_id)
    queue_id = queue.pk
    with transaction.atomic():
        record(acting, "queue.delete", queue, project_id=queue.project_id, name=queue.name)
        queue.delete()
    _empty(queue_id)


def purge_queue(*, acting: Principal, queue: MessageQueue) -> None:
    """Remove all that is in it; raises PurgeQueueInProgress within a minute of the last time."""
    require(acting, Role.DEVELOPER, queue.project_id)
    now = timezone.now()
    rows = MessageQueue.objects.filter(pk=queue.pk).exclude(purged_at__gt=now - PURGE_EVERY)
    with transaction.atomic():
        if not rows.update(purged_at=now):
            raise PurgeQueueInProgress(
                f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds."
            )
        record(acting, "queue.purge", queue, project_id=queue.project_id, name=queue.name)
    _empty(queue.pk)


def _empty(queue_id: Any) -> None:
    QueueMessage.objects.filter(queue_id=queue_id).delete()
    QueueDeduplication.objects.filter(queue_id=queue_id).delete()


def _same(found: MessageQueue, fields: Mapping[str, Any]) -> MessageQueue:
    for name, value in fields.items():
        if getattr(found, name) != value:
            raise QueueNameExists(
                "A queue already exists with the same name and a different value for attribute(s) "
                f"{_attribute_of(name)}"
            )
    return found


def _attribute_of(field: str) -> str:
    words = {
        "dead_letter_arn": "RedrivePolicy",
        "max_receives": "RedrivePolicy",
        "visibility_s": "VisibilityTimeout",
    }
    return words.get(field, field)


def _check(queue: MessageQueue, attributes: Mapping[str, str]) -> None:
    """What one attribute means for another."""
    for name in FIFO_ONLY & attributes.keys():
        if not queue.fifo:
            raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
    if queue.throughput_limit == "perMessageGroupId" and queue.deduplication_scope != "messageGroup":
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoThroughputLimit. Reason: perMessageGroupId needs the "
            "DeduplicationScope messageGroup."
        )
    if queue.dead_letter_arn and "RedrivePolicy" in attributes:
        _check_dead_letters(queue)


def _check_dead_letters(queue: MessageQueue) -> None:
    wrong = f"Value {attributes_text(queue)} for parameter RedrivePolicy is invalid. Reason: "
    target = queue_by_arn(queue.project_id, queue.project.account, queue.dead_letter_arn)
    if target is None or target.region != queue.region:
        raise InvalidQueueParameter(f"{wrong}Dead letter target does not exist.")
    if target.name == queue.name:
        raise InvalidQueueParameter(f"{wrong}Dead letter queue cannot be the source queue itself.")
    if target.fifo != queue.fifo:
        raise InvalidQueueParameter(f"{wrong}Dead letter queue must be same type of queue as the source.")
    allow = json.loads(target.redrive_allow or "{}")
    listed = allow.get("sourceQueueArns", [])
    permission = allow.get("redrivePermission", "allowAll")
    if permission == "denyAll" or (permission == "byQueue" and queue.arn not in listed):
        raise InvalidQueueParameter(f"{wrong}Dead letter target does not allow this source queue.")


def attributes_text(queue: MessageQueue) -> str:
    """Its redrive policy, for messages."""
    return json.dumps({"deadLetterTargetArn": queue.dead_letter_arn, "maxReceiveCount": queue.max_receives})
