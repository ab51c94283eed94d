"""SQS: messages sent, received, deleted and hidden, one by one and in batches."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from console.api.call import Call
from functions.errors import FunctoryError
from functions.message_queues import (
    BATCH_BYTES,
    LONGEST_WAIT_S,
    MOST_IN_BATCH,
    VISIBILITY_S,
    handle_of,
    md5_of_attributes,
    md5_of_text,
    size_of,
)
from functions.models import MessageQueue, QueueMessage
from functions.queries.message_queues import queue_at
from functions.queries.queue_events import system_attributes
from functions.queue_errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidQueueParameter,
    TooManyEntriesInBatchRequest,
)
from functions.services import queue_messages as services
from functions.services.guard import require
from functions.services.queue_messages import Sending, Sent
from functions.states import Role

Output = dict[str, Any]
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def send_message(call: Call) -> Output:
    """One message."""
    queue, message = _queue(call), _sending(call.parameters, call.trace)
    services.check_sending(queue, message)
    [sent] = services.send(queue=queue, messages=[message], sender=_sender(call))
    return _sent(queue, message, sent)


def send_message_batch(call: Call) -> Output:
    """Up to ten; each is told whether it was taken."""
    queue, entries = _queue(call), _entries(call)
    messages = {entry["Id"]: _sending(entry, call.trace) for entry in entries}
    if sum(size_of(one.body, {}) for one in messages.values()) > BATCH_BYTES:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {BATCH_BYTES} bytes. You have sent more than that."
        )
    wrong = services.batch_errors(queue, messages)
    good = {entry: message for entry, message in messages.items() if entry not in wrong}
    sent = services.send(queue=queue, messages=list(good.values()), sender=_sender(call)) if good else []
    shown = [
        {"Id": entry, **_sent(queue, message, one)}
        for (entry, message), one in zip(good.items(), sent, strict=True)
    ]
    return _batch(shown, wrong)


def receive_message(call: Call) -> Output:
    """Up to ten messages that are there now. Waiting for one is not done here: see `patience`."""
    queue = _queue(call)
    limit = _within(call, "MaxNumberOfMessages", range(1, MOST_IN_BATCH + 1), 1)
    hidden_s = _within(call, "VisibilityTimeout", VISIBILITY_S, queue.visibility_s)
    _within(call, "WaitTimeSeconds", range(LONGEST_WAIT_S + 1), 0)
    found = services.receive(queue=queue, limit=limit, hidden_s=hidden_s, now=timezone.now())
    names = {*call.get("AttributeNames", []), *call.get("MessageSystemAttributeNames", [])}
    wanted = call.get("MessageAttributeNames", [])
    return {"Messages": [_received(queue, message, names, wanted) for message in found] or None}


def patience(call: Call, result: Output) -> int:
    """For how many seconds the caller wants to wait for a first message; the gateway asks again until then, so that
    nobody who waits holds a thread of this server."""
    if result["Messages"]:
        return 0
    wait_s: int = call.get("WaitTimeSeconds", _queue(call).wait_s)
    return wait_s


def delete_message(call: Call) -> Output:
    """It is dealt with."""
    services.delete(queue=_queue(call), handles=[call["ReceiptHandle"]])
    return {}


def delete_message_batch(call: Call) -> Output:
    """Up to ten."""
    queue = _queue(call)
    return _each(call, lambda entry: services.delete(queue=queue, handles=[entry["ReceiptHandle"]]))


def change_message_visibility(call: Call) -> Output:
    """Hold it longer, or give it back."""
    services.change_visibility(
        queue=_queue(call), handle=call["ReceiptHandle"], seconds=call["VisibilityTimeout"]
    )
    return {}


def change_message_visibility_batch(call: Call) -> Output:
    """Up to ten."""
    queue = _queue(call)

    def change(entry: Mapping[str, Any]) -> None:
        seconds = entry.get("VisibilityTimeout", queue.visibility_s)
        services.change_visibility(queue=queue, handle=entry["ReceiptHandle"], seconds=seconds)

    return _each(call, change)


def _queue(call: Call) -> MessageQueue:
    """Messages are for those who may change things: who receives hides them from others."""
    require(call.principal, Role.DEVELOPER, call.project.pk)
    return queue_at(call.project, call.region, call["QueueUrl"])


def _sender(call: Call) -> str:
    return call.principal.arn.rpartition("/")[2] or call.principal.id


def _sending(given: Mapping[str, Any], trace: str) -> Sending:
    system = given.get("MessageSystemAttributes", {}).get("AWSTraceHeader", {})
    return Sending(
        body=given["MessageBody"],
        delay_s=given.get("DelaySeconds"),
        attributes={name: _stored(one) for name, one in given.get("MessageAttributes", {}).items()},
        group_id=given.get("MessageGroupId", ""),
        deduplication_id=given.get("MessageDeduplicationId", ""),
        trace=system.get("StringValue", "") or trace,
    )


def _stored(attribute: Mapping[str, Any]) -> dict[str, str]:
    """As JSON keeps it: bytes in base64."""
    kept = {name: attribute[name] for name in ("DataType", "StringValue", "BinaryValue") if name in attribute}
    value = kept.get("BinaryValue")
    return {**kept, "BinaryValue": base64.b64encode(value).decode()} if value is not None else kept


def _sent(queue: MessageQueue, message: Sending, sent: Sent) -> Output:
    return {
        "MessageId": str(sent.message_id),
        "MD5OfMessageBody": md5_of_text(message.body),
        "MD5OfMessageAttributes": md5_of_attributes(message.attributes),
        "SequenceNumber": f"{sent.number:020d}" if queue.fifo else None,
    }


def _received(
    queue: MessageQueue, message: QueueMessage, names: set[str], wanted: Sequence[str]
) -> dict[str, Any]:
    known = system_attributes(queue, message)
    shown = {name: value for name, value in known.items() if name in names or "All" in names}
    attributes = {name: value for name, value in message.attributes.items() if _is_wanted(name, wanted)}
    return {
        "MessageId": str(message.message_id),
        "ReceiptHandle": handle_of(message.message_id, message.receipt),
        "MD5OfBody": md5_of_text(message.body),
        "Body": message.body,
        "Attributes": shown or None,
        "MD5OfMessageAttributes": md5_of_attributes(attributes),
        "MessageAttributes": {name: _told(value) for name, value in attributes.items()} or None,
    }


def _told(attribute: Mapping[str, str]) -> dict[str, Any]:
    value = attribute.get("BinaryValue")
    return {**attribute, "BinaryValue": base64.b64decode(value)} if value is not None else dict(attribute)


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    """`All`, `.*`, a name, or what names begin with (`foo.*`)."""
    return any(
        one in {"All", name} or (one.endswith(".*") and name.startswith(one.removesuffix(".*")))
        for one in wanted
    )


def _within(call: Call, name: str, allowed: range, default: int) -> int:
    value: int = call.get(name, default)
    if value not in allowed:
        raise InvalidQueueParameter(
            f"Value {value} for parameter {name} is invalid. Reason: Must be between {allowed[0]} and {allowed[-1]}, "
            "if provided."
        )
    return value


def _entries(call: Call) -> list[dict[str, Any]]:
    """A batch's; raises what is wrong with the batch."""
    entries: list[dict[str, Any]] = call["Entries"]
    if not entries:
        raise EmptyBatchRequest("There should be at least one entry in the request.")
    if len(entries) > MOST_IN_BATCH:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {MOST_IN_BATCH}. You have sent {len(entries)}."
        )
    ids = [entry["Id"] for entry in entries]
    for entry_id in ids:
        if not _ENTRY_ID.fullmatch(entry_id):
            raise InvalidBatchEntryId(
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at "
                "most 80 letters long."
            )
        if ids.count(entry_id) > 1:
            raise BatchEntryIdsNotDistinct(f"Id {entry_id} repeated.")
    return entries


def _each(call: Call, act: Callable[[Mapping[str, Any]], None]) -> Output:
    done, wrong = [], {}
    for entry in _entries(call):
        try:
            act(entry)
            done.append({"Id": entry["Id"]})
        except FunctoryError as error:
            wrong[entry["Id"]] = error
    return _batch(done, wrong)


def _batch(done: list[dict[str, Any]], wrong: Mapping[str, FunctoryError]) -> Output:
    failed = [
        {"Id": entry, "SenderFault": True, "Code": error.query_code or error.code, "Message": error.message}
        for entry, error in wrong.items()
    ]
    return {"Successful": done, "Failed": failed or None}
