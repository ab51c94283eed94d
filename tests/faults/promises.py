"""What Functory promises of `naps` while things fail: what a caller is told, and that no accepted event is lost and
none of its attempts is recorded twice."""

from __future__ import annotations

import json
from uuid import UUID

import botocore.exceptions

from tests.support.product import Product
from tests.support.stack import wait_for

BACK_S = 90


def answers(product: Product) -> bool:
    """Whether a call runs now."""
    try:
        return bool(product.call("naps", {"n": 1})["payload"] == {"n": 1})
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
        return False


def refusal(product: Product, **more: str) -> tuple[int, str] | None:
    """Status and message when a call is refused now; None when it is not."""
    try:
        product.client().invoke(FunctionName="naps", Payload=b"{}", **more)
    except botocore.exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Message"]
    except botocore.exceptions.BotoCoreError:
        return None
    return None


def send_event(product: Product, **event: float) -> str:
    """An accepted event's id; tried again as a program's SDK would, since only a 202 is a promise."""
    accepted: list[str] = []

    def send() -> bool:
        try:
            answer = product.client().invoke(
                FunctionName="naps", InvocationType="Event", Payload=json.dumps(event)
            )
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            return False
        accepted.append(answer["ResponseMetadata"]["RequestId"])
        return True

    wait_for("an event is accepted", send, BACK_S)
    return accepted[0]


def has_succeeded(product: Product, event_id: str) -> bool:
    rows = product.rows("select state from functions_event where id = ?", UUID(event_id).hex)
    return [row["state"] for row in rows] == ["succeeded"]


def prove_kept(product: Product, events: list[str], limit_s: float) -> None:
    """Every one is done, has one success, and no attempt twice."""
    for event_id in events:
        wait_for(f"event {event_id} is done", lambda one=event_id: has_succeeded(product, one), limit_s)
        rows = product.rows(
            "select attempt, outcome from functions_invocation where event_id = ?", UUID(event_id).hex
        )
        assert [row["outcome"] for row in rows].count("success") == 1
        assert len({row["attempt"] for row in rows}) == len(rows)
