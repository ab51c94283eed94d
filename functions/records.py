"""What crosses process borders: the record of one invocation, the accepted asynchronous event and the
refused request, with their JSON form. The gateway writes them, the recorder stores them. Knows no database and
no Redis."""

from __future__ import annotations

from typing import Any

import msgspec

from functions.states import InvocationType, Outcome, TriggerKind


class InvocationRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One finished attempt to run a function. Times are Unix microseconds, durations microseconds,
    memory bytes, cost 1e-12 US dollars (the smallest AWS charge, 1 ms at 128 MB, is 2,083 of them). `returned` is
    the answer to an event whose destination is told of it: not stored with the call."""

    request_id: str
    project_id: str
    function_id: str
    function_name: str
    revision_id: str = ""
    version: str = ""
    alias: str = ""
    trigger: TriggerKind = TriggerKind.API
    trigger_id: str = ""
    invocation_type: InvocationType = InvocationType.REQUEST_RESPONSE
    event_id: str = ""
    attempt: int = 0
    outcome: Outcome = Outcome.SUCCESS
    accepted_us: int = 0
    started_us: int = 0
    duration_us: int = 0
    init_us: int = 0
    cold: bool = False
    billed_ms: int = 0
    memory_mb: int = 0
    memory_used: int = 0
    cost_pico: int = 0
    price_id: str = ""
    error_type: str = ""
    error_message: str = ""
    stack: list[str] = []
    sandbox_id: str = ""
    trace_id: str = ""
    payload_bytes: int = 0
    response_bytes: int = 0
    payload: str | None = None
    response: str | None = None
    log: str = ""
    log_truncated: bool = False
    concurrency: int = 0
    returned: str | None = None


class AcceptedEvent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An event that was answered with 202: stored in a stream first, then as a row, idempotent by `event_id`,
    which is the request id of every attempt's answer. `payload` is JSON text of at most 1 MB."""

    event_id: str
    project_id: str
    function_id: str
    qualifier: str
    trigger: TriggerKind
    trigger_id: str = ""
    accepted_us: int
    payload: str
    trace_id: str = ""
    client_context: str = ""
    due_us: int = 0


class Refused(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request that was refused before it became a call or a change. `error_type` is AWS's; `more` counts others
    of that second that were not kept one by one."""

    request_id: str
    project_id: str
    function_name: str
    operation: str
    error_type: str
    status: int
    message: str
    caller: str = ""
    address: str = ""
    payload_bytes: int = 0
    more: int = 0
    at_us: int = 0


encode = msgspec.json.Encoder().encode
_records = msgspec.json.Decoder(list[InvocationRecord])
_event = msgspec.json.Decoder(AcceptedEvent)


def decode_records(data: bytes) -> list[InvocationRecord]:
    """A journal line or stream entry back into records; raises msgspec.ValidationError."""
    return _records.decode(data)


def decode_event(data: bytes) -> AcceptedEvent:
    """A stream entry back into an event; raises msgspec.ValidationError."""
    return _event.decode(data)


def as_builtins(record: InvocationRecord) -> dict[str, Any]:
    """The record as plain JSON types, defaults left out."""
    built: dict[str, Any] = msgspec.to_builtins(record)
    return built
