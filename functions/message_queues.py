"""Queues by the rules of SQS: names, addresses, attributes, messages and the digests that SDKs check. Pure.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from functions.queue_errors import (
    InvalidAddress,
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidMessageContents,
    InvalidQueueParameter,
    MissingQueueParameter,
    ReceiptHandleIsInvalid,
    UnsupportedQueueOperation,
)

FIFO = ".fifo"
MOST_IN_BATCH = 10
BATCH_BYTES = 1_048_576
LONGEST_WAIT_S = 20
VISIBILITY_S = range(43_200 + 1)
DELAY_S = range(900 + 1)
DEDUPLICATION_S = 300
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_TOKEN = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")
_ATTRIBUTE = re.compile(r"(?!(?:AWS|Amazon)\.)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.IGNORECASE)
_HANDLE = re.compile(r"[0-9a-f]{64}")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NUMBERS: Mapping[str, tuple[str, range]] = {
    "VisibilityTimeout": ("visibility_s", VISIBILITY_S),
    "DelaySeconds": ("delay_s", DELAY_S),
    "MessageRetentionPeriod": ("retention_s", range(60, 1_209_600 + 1)),
    "MaximumMessageSize": ("largest_bytes", range(1024, 1_048_576 + 1)),
    "ReceiveMessageWaitTimeSeconds": ("wait_s", range(LONGEST_WAIT_S + 1)),
}
_WORDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "FifoQueue": ("fifo", {"true": True, "false": False}),
    "ContentBasedDeduplication": ("content_deduplication", {"true": True, "false": False}),
    "DeduplicationScope": ("deduplication_scope", {"queue": "queue", "messageGroup": "messageGroup"}),
    "FifoThroughputLimit": (
        "throughput_limit",
        {"perQueue": "perQueue", "perMessageGroupId": "perMessageGroupId"},
    ),
}
FIFO_ONLY = frozenset({"ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"})
# Each with the value that says what holds here anyway.
_LACKING = {"Policy": "", "KmsMasterKeyId": "", "SqsManagedSseEnabled": "false"}


def check_queue_name(name: str) -> str:
    """The name itself, if a queue may have it; raises InvalidQueueParameter."""
    if not _NAME.fullmatch(name.removesuffix(FIFO)) or len(name) > 80:
        raise InvalidQueueParameter(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    return name


def named_by_url(url: str) -> tuple[str, str]:
    """Account and name in a QueueUrl, whatever host it has; raises InvalidAddress."""
    try:
        parts = urlsplit(url).path.strip("/").split("/")
    except ValueError:
        parts = []
    if len(parts) != 2 or not parts[0].isdecimal():
        raise InvalidAddress(f"The address {url[:200]} is not valid for this endpoint.")
    return parts[0], parts[1]


def named_by_arn(arn: str) -> tuple[str, str, str]:
    """Region, account and name in a queue's ARN; raises InvalidQueueParameter."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[:3] != ["arn", "aws", "sqs"] or not all(parts[3:]):
        raise InvalidQueueParameter(f"{arn[:200]} is not the ARN of a queue.")
    return parts[3], parts[4], parts[5]


def read_attributes(attributes: Mapping[str, str]) -> dict[str, Any]:
    """AWS's attributes as fields of a queue; raises InvalidAttributeName, InvalidAttributeValue, and
    UnsupportedQueueOperation for what Functory's queues do not have."""
    fields: dict[str, Any] = {}
    for name, text in attributes.items():
        if name in _NUMBERS:
            field, allowed = _NUMBERS[name]
            fields[field] = _number(name, text, allowed)
        elif name in _WORDS:
            field, words = _WORDS[name]
            if text not in words:
                raise _wrong(name)
            fields[field] = words[text]
        elif name == "RedrivePolicy":
            fields["dead_letter_arn"], fields["max_receives"] = _redrive(text)
        elif name == "RedriveAllowPolicy":
            fields["redrive_allow"] = _redrive_allow(text)
        elif name not in _LACKING:
            raise InvalidAttributeName(f"Unknown Attribute {name[:80]}.")
        elif text != _LACKING[name]:
            raise UnsupportedQueueOperation(f"{name} is not implemented by Functory: leave it out.")
    return fields


def redrive_text(dead_letter_arn: str, max_receives: int) -> str | None:
    """RedrivePolicy as AWS answers it."""
    if not dead_letter_arn:
        return None
    return json.dumps({"deadLetterTargetArn": dead_letter_arn, "maxReceiveCount": max_receives})


def check_body(body: str) -> None:
    """Raises MissingQueueParameter for an empty one and InvalidMessageContents for what XML cannot hold."""
    if not body:
        raise MissingQueueParameter("The request must contain the parameter MessageBody.")
    if _NOT_XML.search(body):
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are those of XML 1.0."
        )


def check_token(name: str, token: str) -> str:
    """A group's or a deduplication's id; raises InvalidQueueParameter."""
    if not _TOKEN.fullmatch(token):
        raise InvalidQueueParameter(
            f"Value {token[:128]} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and "
            "punctuation characters. 1 to 128 in length."
        )
    return token


def check_message_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises InvalidQueueParameter for names, types or values that messages cannot have."""
    if len(attributes) > 10:
        raise InvalidQueueParameter(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10]."
        )
    for name, attribute in attributes.items():
        if not _ATTRIBUTE.fullmatch(name) or len(name) > 256:
            raise InvalidQueueParameter(f"The message attribute name {name[:256]!r} is invalid.")
        kind = attribute.get("DataType", "").partition(".")[0]
        if kind not in {"String", "Number", "Binary"}:
            raise InvalidQueueParameter(
                f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
                "prefixes is Binary, Number, and String."
            )
        if not attribute.get("BinaryValue" if kind == "Binary" else "StringValue"):
            raise InvalidQueueParameter(
                f"The message attribute '{name}' must contain non-empty message attribute value for message "
                f"attribute type '{kind}'."
            )


def size_of(body: str, attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of a message as SQS counts them: body, and names, types and values of attributes."""
    size = len(body.encode())
    for name, attribute in attributes.items():
        size += len(name) + len(attribute["DataType"]) + len(_bytes_of(attribute))
    return size


def md5_of_text(text: str) -> str:
    """As SDKs compare it: no proof of anything but that the body arrived whole."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Of names, types and values, each with its length; None without attributes.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html"""
    if not attributes:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        for text in (name, attribute["DataType"]):
            digest.update(len(text.encode()).to_bytes(4, "big") + text.encode())
        value = _bytes_of(attribute)
        kind = b"\x02" if attribute["DataType"].startswith("Binary") else b"\x01"
        digest.update(kind + len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()


def handle_of(message_id: UUID, receipt: str) -> str:
    """The receipt handle of one receive."""
    return message_id.hex + receipt


def read_handle(handle: str) -> tuple[UUID, str]:
    """Message and receipt of a handle; raises ReceiptHandleIsInvalid."""
    if not _HANDLE.fullmatch(handle):
        raise ReceiptHandleIsInvalid(
            f'The input receipt handle "{handle[:100]}" is not a valid receipt handle.'
        )
    return UUID(handle[:32]), handle[32:]


def deduplication_key(body: str, given: str, group_id: str) -> str:
    """What tells a FIFO queue that it has a message already; `group_id` is "" when the whole queue is meant."""
    wanted = given or hashlib.sha256(body.encode()).hexdigest()
    return hashlib.sha256(f"{group_id}\n{wanted}".encode()).hexdigest()


def _bytes_of(attribute: Mapping[str, Any]) -> bytes:
    if attribute["DataType"].startswith("Binary"):
        value = attribute["BinaryValue"]
        return value if isinstance(value, bytes) else base64.b64decode(value)
    return str(attribute["StringValue"]).encode()


def _number(name: str, text: str, allowed: range) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) not in allowed:
        raise _wrong(name)
    return int(text)


def _redrive(text: str) -> tuple[str, int]:
    if not text:
        return "", 0
    policy = json.loads(_json_text("RedrivePolicy", text))
    arn, count = policy.get("deadLetterTargetArn"), str(policy.get("maxReceiveCount", ""))
    if not isinstance(arn, str) or not arn:
        raise _wrong("RedrivePolicy", "deadLetterTargetArn is missing")
    if not count.isascii() or not count.isdecimal() or not 1 <= int(count[:6]) <= 1000:
        raise _wrong("RedrivePolicy", "maxReceiveCount must be an integer between 1 and 1000")
    return arn, int(count)


def _redrive_allow(text: str) -> str:
    policy = json.loads(_json_text("RedriveAllowPolicy", text) or "{}")
    permission, listed = policy.get("redrivePermission", "allowAll"), policy.get("sourceQueueArns", [])
    if permission not in ("allowAll", "denyAll", "byQueue"):
        raise _wrong("RedriveAllowPolicy", "redrivePermission must be allowAll, denyAll or byQueue")
    if not isinstance(listed, list) or len(listed) > 10 or not all(isinstance(one, str) for one in listed):
        raise _wrong("RedriveAllowPolicy", "sourceQueueArns must be a list of at most 10 ARNs")
    return text


def _json_text(name: str, text: str) -> str:
    try:
        document = json.loads(text or "{}")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _wrong(name, "it is not valid JSON")
    return text


def _wrong(name: str, reason: str = "") -> InvalidAttributeValue:
    return InvalidAttributeValue(
        f"Invalid value for the parameter {name}." + (f" Reason: {reason}." if reason else "")
    )
