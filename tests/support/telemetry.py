"""Records and accepted events as the gateway would send them."""

from __future__ import annotations

import time
from uuid import UUID

from functions.ids import new_id
from functions.records import AcceptedEvent, InvocationRecord
from functions.states import InvocationType, Outcome, TriggerKind

PROJECT = str(UUID(int=1))
FUNCTION = str(UUID(int=2))


def now_us() -> int:
    return time.time_ns() // 1000


def make_record(**fields) -> InvocationRecord:
    """A finished call of 20 ms at 128 MB."""
    started_us = fields.pop("started_us", now_us())
    values = {
        "request_id": str(new_id()),
        "project_id": PROJECT,
        "function_id": FUNCTION,
        "function_name": "hello",
        "version": "1",
        "alias": "live",
        "accepted_us": started_us - 1_000,
        "started_us": started_us,
        "duration_us": 20_000,
        "billed_ms": 20,
        "memory_mb": 128,
        "memory_used": 30_000_000,
        "cost_pico": 241_667,
        "price_id": "list",
        "log": "START\nEND\n",
        "concurrency": 1,
    }
    return InvocationRecord(**{**values, **fields})


def make_event(**fields) -> AcceptedEvent:
    """An accepted event of the same function."""
    values = {
        "event_id": str(new_id()),
        "project_id": PROJECT,
        "function_id": FUNCTION,
        "qualifier": "live",
        "trigger": TriggerKind.API,
        "accepted_us": now_us(),
        "payload": '{"n": 1}',
    }
    return AcceptedEvent(**{**values, **fields})


def attempt_record(event: AcceptedEvent, number: int, outcome: Outcome = Outcome.SUCCESS, **fields):
    """The record of one attempt of an event."""
    return make_record(
        request_id=event.event_id,
        event_id=event.event_id,
        attempt=number,
        outcome=outcome,
        invocation_type=InvocationType.EVENT,
        trigger=event.trigger,
        **fields,
    )
