"""A received message as programs and functions see it: system attributes, and the record of AWS's SQS event.
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from functions.message_queues import handle_of, md5_of_attributes, md5_of_text
from functions.models import MessageQueue, QueueMessage


def system_attributes(queue: MessageQueue, message: QueueMessage) -> dict[str, str]:
    """AWS's, those that the message has."""
    found = {
        "SenderId": message.sender,
        "SentTimestamp": _milliseconds(message.sent_at),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": _milliseconds(message.first_received_at or message.sent_at),
        "AWSTraceHeader": message.trace,
        "DeadLetterQueueSourceArn": message.source_arn,
        "MessageGroupId": message.group_id,
    }
    if queue.fifo:
        found["SequenceNumber"] = f"{message.number:020d}"
        found["MessageDeduplicationId"] = message.deduplication_id
    return {name: value for name, value in found.items() if value}


def sqs_event(queue: MessageQueue, messages: Sequence[QueueMessage]) -> bytes:
    """What a function is called with."""
    return json.dumps({"Records": [sqs_record(queue, message) for message in messages]}).encode()


def sqs_record(queue: MessageQueue, message: QueueMessage) -> dict[str, Any]:
    """One message of the event."""
    record: dict[str, Any] = {
        "messageId": str(message.message_id),
        "receiptHandle": handle_of(message.message_id, message.receipt),
        "body": message.body,
        "attributes": system_attributes(queue, message),
        "messageAttributes": {name: _attribute(value) for name, value in message.attributes.items()},
        "md5OfBody": md5_of_text(message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": queue.region,
    }
    if message.attributes:
        record["md5OfMessageAttributes"] = md5_of_attributes(message.attributes)
    return record


def filtered_form(record: dict[str, Any]) -> dict[str, Any]:
    """The record as event patterns are held against it: a body of JSON is what it says.
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html"""
    try:
        body = json.loads(record["body"])
    except (ValueError, RecursionError):
        body = record["body"]
    return {**record, "body": body if isinstance(body, dict | list) else record["body"]}


def _attribute(value: dict[str, str]) -> dict[str, Any]:
    named = {"stringValue": value.get("StringValue"), "binaryValue": value.get("BinaryValue")}
    kept = {name: text for name, text in named.items() if text is not None}
    return {**kept, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))
