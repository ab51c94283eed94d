"""What a destination is told of an event that has ended. Pure.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
AGE_EXCEEDED = "EventAgeExceeded"


@dataclass(frozen=True, slots=True)
class Answered:
    """What the last attempt that ran gave back. `response` is JSON text, None when it is not kept."""

    version: str
    failed: bool
    response: str | None


def destination_record(
    *,
    event_id: str,
    function_arn: str,
    condition: str,
    attempts: int,
    payload: str,
    at: datetime,
    answered: Answered | None,
) -> str:
    """AWS's record, as JSON text. `function_arn` has the qualifier; without `answered` nothing has run."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": event_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": _value(payload),
    }
    if answered is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": answered.version}
        if answered.failed:
            context["functionError"] = "Unhandled"
        record["responseContext"] = context
        if answered.response is not None:
            record["responsePayload"] = _value(answered.response)
    return json.dumps(record)


def _value(text: str) -> Any:
    """JSON as it is; anything else as a string."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
