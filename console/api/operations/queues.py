"""SQS: queues, their attributes and tags."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from console.api.call import Call
from functions.message_queues import redrive_text
from functions.models import MessageQueue
from functions.queries.message_queues import (
    Holding,
    holding,
    queue_at,
    queue_named,
    queues_of,
    sources_of,
    url_of,
)
from functions.queries.pages import keyset_page
from functions.queue_errors import InvalidAttributeName, InvalidQueueParameter, no_such_queue
from functions.services import message_queues as services

Output = dict[str, Any]
_MOST = 1000


def create_queue(call: Call) -> Output:
    """A queue, or the one that is there if it is the same."""
    queue = services.create_queue(
        acting=call.principal,
        project=call.project,
        name=call["QueueName"],
        attributes=call.get("Attributes"),
        tags=call.get("tags"),
    )
    return {"QueueUrl": url_of(queue)}


def get_queue_url(call: Call) -> Output:
    """By name."""
    if call.get("QueueOwnerAWSAccountId", call.project.account) != call.project.account:
        raise no_such_queue()
    return {"QueueUrl": url_of(queue_named(call.project, call.region, call["QueueName"]))}


def list_queues(call: Call) -> Output:
    """By name; pages only when somebody asks for so many, as AWS does."""
    rows = queues_of(call.project.pk, call.region).filter(name__startswith=call.get("QueueNamePrefix", ""))
    page = keyset_page(rows, order=["name"], marker=call.get("NextToken", ""), size=_size(call))
    token = page.next_marker if "MaxResults" in call.parameters else ""
    return {"QueueUrls": [url_of(queue) for queue in page.items] or None, "NextToken": token or None}


def list_dead_letter_source_queues(call: Call) -> Output:
    """Whose dead letters a queue takes."""
    rows = sources_of(_queue(call))
    page = keyset_page(rows, order=["name"], marker=call.get("NextToken", ""), size=_size(call))
    return {"queueUrls": [url_of(queue) for queue in page.items], "NextToken": page.next_marker or None}


def get_queue_attributes(call: Call) -> Output:
    """Those that are asked for."""
    queue, names = _queue(call), set(call.get("AttributeNames", []))
    known = _attributes(queue, holding(queue, timezone.now()) if names else Holding())
    for name in names - known.keys() - {"All"}:
        raise InvalidAttributeName(f"Unknown Attribute {name[:80]}.")
    shown = {
        name: value
        for name, value in known.items()
        if value is not None and (name in names or "All" in names)
    }
    return {"Attributes": shown or None}


def set_queue_attributes(call: Call) -> Output:
    """Change some."""
    services.set_attributes(acting=call.principal, queue=_queue(call), attributes=call["Attributes"])
    return {}


def delete_queue(call: Call) -> Output:
    """With all that is in it."""
    services.delete_queue(acting=call.principal, queue=_queue(call))
    return {}


def purge_queue(call: Call) -> Output:
    """All that is in it."""
    services.purge_queue(acting=call.principal, queue=_queue(call))
    return {}


def tag_queue(call: Call) -> Output:
    """Add tags."""
    services.set_tags(acting=call.principal, queue=_queue(call), added=call["Tags"])
    return {}


def untag_queue(call: Call) -> Output:
    """Take tags off."""
    services.set_tags(acting=call.principal, queue=_queue(call), removed=call["TagKeys"])
    return {}


def list_queue_tags(call: Call) -> Output:
    """All of them."""
    return {"Tags": _queue(call).tags or None}


def _size(call: Call) -> int:
    size: int = call.get("MaxResults", _MOST)
    if not 1 <= size <= _MOST:
        raise InvalidQueueParameter(
            f"Value {size} for parameter MaxResults is invalid. Reason: MaxResults must be between 1 and {_MOST}."
        )
    return size


def _queue(call: Call) -> MessageQueue:
    return queue_at(call.project, call.region, call["QueueUrl"])


def _attributes(queue: MessageQueue, held: Holding) -> dict[str, str | None]:
    found: dict[str, str | None] = {
        "QueueArn": queue.arn,
        "ApproximateNumberOfMessages": str(held.visible),
        "ApproximateNumberOfMessagesNotVisible": str(held.held),
        "ApproximateNumberOfMessagesDelayed": str(held.delayed),
        "CreatedTimestamp": str(int(queue.created_at.timestamp())),
        "LastModifiedTimestamp": str(int(queue.changed_at.timestamp())),
        "VisibilityTimeout": str(queue.visibility_s),
        "DelaySeconds": str(queue.delay_s),
        "MessageRetentionPeriod": str(queue.retention_s),
        "MaximumMessageSize": str(queue.largest_bytes),
        "ReceiveMessageWaitTimeSeconds": str(queue.wait_s),
        "SqsManagedSseEnabled": "false",
        "RedrivePolicy": redrive_text(queue.dead_letter_arn, queue.max_receives),
        "RedriveAllowPolicy": queue.redrive_allow or None,
        "Policy": None,
        "KmsMasterKeyId": None,
        "KmsDataKeyReusePeriodSeconds": None,
    }
    fifo = {
        "FifoQueue": "true",
        "ContentBasedDeduplication": str(queue.content_deduplication).lower(),
        "DeduplicationScope": queue.deduplication_scope,
        "FifoThroughputLimit": queue.throughput_limit,
    }
    return {**found, **(fifo if queue.fifo else dict.fromkeys(fifo))}
