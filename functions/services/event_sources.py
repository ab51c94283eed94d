"""Functions that are called for what lies in a queue: event source mappings made, changed, paused and removed. How
batches went is noted by who delivers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from functions.errors import InvalidEventPattern, InvalidParameterValue, ResourceConflict, Unsupported
from functions.event_patterns import read_event_pattern
from functions.message_queues import FIFO, VISIBILITY_S
from functions.models import EventSourceMapping, Function, MessageQueue
from functions.naming import check_tags, is_latest
from functions.queries.event_configs import is_queue, may_do
from functions.queries.message_queues import queue_by_arn, queues_of
from functions.queue_errors import QueueRefusal
from functions.queues import enqueue_drain
from functions.services.guard import record, require
from functions.services.message_queues import create_queue
from functions.services.triggers import check_target
from functions.snapshots import Principal
from functions.states import Role

MOST_FILTERS = 5
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_AUDITED = ("qualifier", "batch_size", "window_s", "reports_failures", "most_at_once", "filters", "enabled")


def create_mapping(
    *,
    acting: Principal,
    function: Function,
    source_arn: str,
    tags: Mapping[str, str] | None = None,
    **values: Any,
) -> EventSourceMapping:
    """Call the function for a queue's messages; `values` are fields of the mapping. Raises InvalidParameterValue
    (with field), Unsupported, and ResourceConflict when the function has one for that queue."""
    require(acting, Role.DEVELOPER, function.project_id)
    queue = _queue(function, source_arn)
    mapping = EventSourceMapping(
        function=function,
        queue=queue,
        source_arn=source_arn,
        tags=check_tags(tags or {}),
        created_by_id=acting.user_id,
    )
    _set(mapping, values)
    _check(mapping, queue)
    try:
        with transaction.atomic():
            mapping.save(force_insert=True)
            _record(acting, "mapping.create", mapping, after=_picture(mapping))
            transaction.on_commit(enqueue_drain, robust=True)
    except IntegrityError:
        known = EventSourceMapping.objects.get(function=function, source_arn=source_arn)
        raise ResourceConflict(
            f'An event source mapping with SQS arn (" {source_arn} ") and function (" {function.name} ") already '
            f"exists. Please update or delete the existing mapping with UUID {known.pk}",
            field="queue",
        ) from None
    return mapping


@transaction.atomic
def create_mapping_by_name(
    *, acting: Principal, function: Function, queue_name: str, **values: Any
) -> EventSourceMapping:
    """As create_mapping, with a queue of the project by name; one that is not there is made, and hides messages for
    six times as long as the function may run, as AWS advises."""
    queue = queues_of(function.project_id, function.region).filter(name=queue_name).first()
    if queue is None:
        try:
            queue = create_queue(
                acting=replace(acting, region=function.region),
                project=function.project,
                name=queue_name,
                attributes=_attributes(function, queue_name),
            )
        except QueueRefusal as error:
            raise InvalidParameterValue(error.message, field="queue") from None
    return create_mapping(acting=acting, function=function, source_arn=queue.arn, **values)


@transaction.atomic
def update_mapping(
    *, acting: Principal, mapping: EventSourceMapping, function: Function | None = None, **values: Any
) -> EventSourceMapping:
    """Change fields of the mapping, or which function is called; raises as create_mapping."""
    require(acting, Role.DEVELOPER, mapping.function.project_id)
    before = _picture(mapping)
    if function is not None:
        mapping.function = function
    _set(mapping, values)
    _check(mapping, mapping.queue)
    mapping.save(update_fields=["function", *values, "changed_at"])
    _record(acting, "mapping.update", mapping, before=before, after=_picture(mapping))
    if mapping.enabled:
        transaction.on_commit(enqueue_drain, robust=True)
    return mapping


@transaction.atomic
def delete_mapping(*, acting: Principal, mapping: EventSourceMapping) -> None:
    """Call the function no more; what lies in the queue stays there."""
    require(acting, Role.DEVELOPER, mapping.function.project_id)
    _record(acting, "mapping.delete", mapping, before=_picture(mapping))
    EventSourceMapping.objects.filter(pk=mapping.pk).delete()


@transaction.atomic
def set_mapping_tags(*, acting: Principal, mapping: EventSourceMapping, tags: Mapping[str, str]) -> None:
    """Replace all tags; raises InvalidParameterValue."""
    require(acting, Role.DEVELOPER, mapping.function.project_id)
    before, mapping.tags = mapping.tags, check_tags(tags)
    mapping.save(update_fields=["tags", "changed_at"])
    _record(acting, "mapping.tag", mapping, before=before, after=mapping.tags)


def note_result(*, mapping_id: UUID, result: str, now: datetime) -> None:
    """How its latest batch went."""
    EventSourceMapping.objects.filter(pk=mapping_id).update(result=result[:300], worked_at=now)


def _queue(function: Function, arn: str) -> MessageQueue:
    if not is_queue(arn):
        raise Unsupported(
            f"Event source {arn[:100]}: only queues are supported as event sources yet.", field="queue"
        )
    queue = queue_by_arn(function.project_id, function.project.account, arn)
    if queue is None or queue.region != function.region:
        raise InvalidParameterValue(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
            "Message: The specified queue does not exist.",
            field="queue",
        )
    return queue


def _attributes(function: Function, queue_name: str) -> dict[str, str]:
    timeout_s = function.latest.timeout_s if function.latest else 0
    attributes = {"VisibilityTimeout": str(min(max(30, 6 * timeout_s), VISIBILITY_S[-1]))}
    if queue_name.endswith(FIFO):
        attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return attributes


def _set(mapping: EventSourceMapping, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(mapping, name, value)
    if is_latest(mapping.qualifier):
        mapping.qualifier = ""


def _check(mapping: EventSourceMapping, queue: MessageQueue | None) -> None:
    check_target(mapping.function, mapping.qualifier)
    _check_filters(mapping.filters)
    if queue is None:  # it was removed: what is set holds for the next one of its name
        return
    most = 10 if queue.fifo else 10_000
    if not 1 <= mapping.batch_size <= most:
        raise InvalidParameterValue(
            f"Batch size must be between 1 and {most} for {'FIFO' if queue.fifo else 'standard'} queues.",
            field="batch_size",
        )
    if queue.fifo and mapping.window_s:
        raise InvalidParameterValue("Batching window is not supported for FIFO queues.", field="window_s")
    if mapping.batch_size > 10 and not mapping.window_s:
        raise InvalidParameterValue(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            field="window_s",
        )
    _check_function(mapping.function, queue)


def _check_function(function: Function, queue: MessageQueue) -> None:
    revision = function.latest
    if revision is not None and queue.visibility_s < revision.timeout_s:
        raise InvalidParameterValue(
            f"Queue visibility timeout: {queue.visibility_s} seconds is less than Function timeout: "
            f"{revision.timeout_s} seconds",
            field="queue",
        )
    for action in _ACTIONS:
        if not may_do(function, revision, f"sqs:{action}", queue.arn):
            raise InvalidParameterValue(
                f"The provided execution role does not have permissions to call {action} on SQS",
                field="queue",
            )


def _check_filters(filters: Sequence[str]) -> None:
    if len(filters) > MOST_FILTERS:
        raise InvalidParameterValue(f"A mapping has at most {MOST_FILTERS} filters.", field="filters")
    for pattern in filters:
        try:
            read_event_pattern(pattern)
        except InvalidEventPattern as error:
            raise InvalidParameterValue(
                f"Invalid filter pattern definition. {error.message}", field="filters"
            ) from None


def _record(
    acting: Principal, action: str, mapping: EventSourceMapping, **pictures: Mapping[str, Any]
) -> None:
    function = mapping.function
    name = f"{function.name}/{mapping.source_arn.rpartition(':')[2]}"
    record(acting, action, mapping, project_id=function.project_id, name=name, **pictures)


def _picture(mapping: EventSourceMapping) -> dict[str, Any]:
    return {name: getattr(mapping, name) for name in _AUDITED}
