"""One call on its way through the gateway, and how it finished. Values and slots; no behaviour but asking."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import uuid_utils

from functions.errors import FunctoryError
from functions.records import InvocationRecord
from functions.snapshots import FunctionSnapshot
from functions.states import InvocationType, TriggerKind


@dataclass(slots=True)
class Finished:
    """What the caller is told. `record` is what the journal holds (payload and response only if captured);
    `refusal` is set when nothing ran. `log` is the whole log text, START to REPORT."""

    record: InvocationRecord
    response: bytes
    log: str
    refusal: FunctoryError | None = None


class Invocation:
    """A call: what to run, for whom, and whom to tell. `snapshot` is chosen already. `on_chunk` takes pieces
    of a streamed answer; None means that the answer is collected. `tells` says that a destination hears of it."""

    __slots__ = (
        "accepted_us",
        "alias",
        "attempt",
        "client_context",
        "concurrency",
        "done",
        "event_id",
        "identity",
        "invocation_type",
        "on_chunk",
        "payload",
        "request_id",
        "reserved",
        "snapshot",
        "started_us",
        "tells",
        "trace_id",
        "trigger",
        "trigger_id",
        "waits_until",
    )

    def __init__(
        self,
        snapshot: FunctionSnapshot,
        payload: bytes,
        done: Callable[[Finished], None],
        *,
        alias: str = "",
        trigger: TriggerKind = TriggerKind.API,
        request_id: str = "",
    ) -> None:
        self.snapshot = snapshot
        self.payload = payload
        self.done = done
        self.alias = alias
        self.trigger = trigger
        self.trigger_id = ""
        self.request_id = request_id or new_request_id()
        self.invocation_type = InvocationType.REQUEST_RESPONSE
        self.event_id = ""
        self.attempt = 0
        self.trace_id = ""
        self.client_context = ""
        self.identity = ""
        self.on_chunk: Callable[[str, bytes], None] | None = None
        self.accepted_us = now_us()
        self.started_us = 0
        self.reserved: int | None = None
        self.concurrency = 0
        self.waits_until = 0.0
        self.tells = False


def new_request_id() -> str:
    """A UUIDv7 as text: sorts by time."""
    return str(uuid_utils.uuid7())


def new_trace_id() -> str:
    """A trace header as X-Ray's: not sampled, since nobody traces yet."""
    digits = f"{random.getrandbits(160):040x}"
    return f"Root=1-{int(time.time()):08x}-{digits[:24]};Parent={digits[24:]};Sampled=0"


def now_us() -> int:
    """Unix microseconds."""
    return time.time_ns() // 1000
