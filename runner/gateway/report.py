"""What is written down of one call: the log text as Lambda writes it, the billed time and cost, and the
record. Pure but for the clock it is given; knows no sandboxes and no journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from msgspec.structs import replace

from functions import limits
from functions.errors import FunctoryError
from functions.pricing import LIST_PRICE, billed_ms, cost_pico
from functions.records import InvocationRecord
from functions.redaction import redacted
from functions.states import FUNCTION_FAULTS, NOT_RUN, EventCapture, Outcome
from runner.gateway.invocation import Invocation
from runner.sandbox.spec import Bound, Ended

MB = 1024 * 1024


class Capture:
    """Which events and answers are stored with their record. Failures always (unless the function says
    none); of successes under `recent` at most fifty a second, since only the last fifty are kept."""

    def __init__(self) -> None:
        self._second = 0
        self._taken: dict[str, int] = {}

    def wants(self, call: Invocation, outcome: Outcome) -> bool:
        """Whether this call's event is kept."""
        policy = call.snapshot.event_capture
        if policy == EventCapture.NONE:
            return False
        if policy == EventCapture.ALL or outcome is not Outcome.SUCCESS:
            return True
        second = call.accepted_us // 1_000_000
        if second != self._second:
            self._second = second
            self._taken.clear()
        function_id = call.snapshot.function_id
        taken = self._taken.get(function_id, 0)
        self._taken[function_id] = taken + 1
        return taken < limits.CAPTURED_SUCCESSES


def start_line(request_id: str, version: str) -> str:
    """The first line of a call's log."""
    return f"START RequestId: {request_id} Version: {version}\n"


def log_text(call: Invocation, ended: Ended, *, billed: int, init_us: int) -> str:
    """The whole log of a call, as Lambda writes it to CloudWatch."""
    request_id, snapshot = call.request_id, call.snapshot
    output = ended.log.decode("utf-8", "replace") if ended.log else ""
    if output and output[-1] != "\n":
        output += "\n"
    if ended.outcome is Outcome.TIMEOUT:
        output += f"{timed_out(request_id, snapshot.timeout_s)}\n\n"
    init = f"Init Duration: {init_us / 1000:.2f} ms\t" if init_us else ""
    return (
        f"START RequestId: {request_id} Version: {snapshot.version}\n{output}"
        f"END RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: {ended.duration_us / 1000:.2f} ms\t"
        f"Billed Duration: {billed} ms\tMemory Size: {snapshot.memory_mb} MB\t"
        f"Max Memory Used: {-(-ended.memory_used // MB)} MB\t{init}\n"
    )


def timed_out(request_id: str, timeout_s: float) -> str:
    """The line that tells of a time-out."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{now} {request_id} Task timed out after {timeout_s:.2f} seconds"


def error_of(call: Invocation, ended: Ended) -> tuple[str, str]:
    """Error type and message of a call that did not succeed, in AWS's words where the sandbox had none."""
    if ended.error_type or ended.error_message:
        return ended.error_type, ended.error_message
    request = f"RequestId: {call.request_id} Error: "
    if ended.outcome is Outcome.TIMEOUT:
        return "Sandbox.Timedout", f"{request}Task timed out after {call.snapshot.timeout_s:.2f} seconds"
    if ended.outcome is Outcome.OUT_OF_MEMORY:
        limit = call.snapshot.memory_mb
        return (
            "Runtime.OutOfMemory",
            f"{request}Runtime exited with error: signal: killed ({limit} MB used up)",
        )
    if ended.outcome is Outcome.CRASH:
        return "Runtime.ExitError", f"{request}Runtime exited without providing a reason"
    return "Function.Unknown", f"{request}{ended.outcome.label}"


def error_response(call: Invocation, ended: Ended) -> bytes:
    """The answer of a failed call in AWS's shape: the function's own error object, or one made here."""
    if ended.response:
        return ended.response
    error_type, message = error_of(call, ended)
    document: dict[str, object] = {"errorType": error_type, "errorMessage": message}
    if ended.stack:
        document["stackTrace"] = list(ended.stack)
    return json.dumps(document).encode()


def init_failed(bound: Bound, duration_us: int = 0) -> Ended:
    """A failed start as the end of the call that waited for it."""
    outcome = bound.outcome if bound.outcome in FUNCTION_FAULTS else Outcome.INIT_FAILURE
    if outcome in {Outcome.TIMEOUT, Outcome.CRASH, Outcome.FUNCTION_ERROR}:
        outcome = Outcome.INIT_FAILURE
    return Ended(
        outcome,
        b"",
        duration_us,
        0,
        bound.log,
        error_type=bound.error_type or "Runtime.Unknown",
        error_message=bound.error_message or "The function's code failed to start.",
        stack=bound.stack,
    )


def too_large(ended: Ended) -> Ended:
    """An answer over the limit of a synchronous call is the function's error, as in Lambda."""
    if ended.outcome is not Outcome.SUCCESS:
        return replace(ended, response=b"")
    most = limits.SYNC_PAYLOAD + 100
    return replace(
        ended,
        outcome=Outcome.FUNCTION_ERROR,
        response=b"",
        error_type="Function.ResponseSizeTooLarge",
        error_message=f"Response payload size exceeded maximum allowed payload size ({most} bytes).",
    )


def kept_text(data: bytes, redact: tuple[str, ...] = ()) -> str | None:
    """An event or answer as it is stored, without the fields that the function's settings name; None when it is
    too large to keep, or cannot be read and so cannot be redacted."""
    if len(data) > limits.CAPTURED_PAYLOAD:
        return None
    text = data.decode("utf-8", "replace")
    return redacted(text, redact) if redact and text else text


def record_of(
    call: Invocation,
    ended: Ended,
    *,
    response: bytes,
    log: str,
    billed: int,
    init_us: int,
    cold: bool,
    sandbox_id: str,
    captured: bool,
) -> InvocationRecord:
    """The record of a call that ran."""
    snapshot, outcome = call.snapshot, ended.outcome
    error_type, message = ("", "") if outcome is Outcome.SUCCESS else error_of(call, ended)
    return InvocationRecord(
        request_id=call.request_id,
        project_id=snapshot.project_id,
        function_id=snapshot.function_id,
        function_name=snapshot.name,
        revision_id=snapshot.revision_id,
        version=snapshot.version,
        alias=call.alias,
        trigger=call.trigger,
        trigger_id=call.trigger_id,
        invocation_type=call.invocation_type,
        event_id=call.event_id,
        attempt=call.attempt,
        outcome=outcome,
        accepted_us=call.accepted_us,
        started_us=call.started_us,
        duration_us=ended.duration_us,
        init_us=init_us,
        cold=cold,
        billed_ms=billed,
        memory_mb=snapshot.memory_mb,
        memory_used=ended.memory_used,
        cost_pico=cost_pico(LIST_PRICE, snapshot.memory_mb, billed) if billed else 0,
        price_id=LIST_PRICE.id,
        error_type=error_type,
        error_message=message,
        stack=list(ended.stack) if ended.stack else [],
        sandbox_id=sandbox_id,
        trace_id=call.trace_id,
        payload_bytes=len(call.payload),
        response_bytes=len(response),
        payload=kept_text(call.payload, snapshot.redact) if captured else None,
        response=kept_text(response, snapshot.redact) if captured else None,
        log=log,
        log_truncated=ended.log_truncated,
        concurrency=call.concurrency,
        returned=kept_text(response, snapshot.redact) if call.tells else None,
    )


def billed_of(ended: Ended, init_us: int) -> int:
    """Milliseconds billed; what was not the function's doing costs nothing."""
    if ended.outcome is not Outcome.SUCCESS and ended.outcome in NOT_RUN:
        return 0
    return billed_ms(ended.duration_us, init_us)


def refused_record(call: Invocation, outcome: Outcome, refusal: FunctoryError) -> InvocationRecord:
    """The record of a call that was not run: throttled, or the platform's failure."""
    snapshot = call.snapshot
    return InvocationRecord(
        request_id=call.request_id,
        project_id=snapshot.project_id,
        function_id=snapshot.function_id,
        function_name=snapshot.name,
        revision_id=snapshot.revision_id,
        version=snapshot.version,
        alias=call.alias,
        trigger=call.trigger,
        trigger_id=call.trigger_id,
        invocation_type=call.invocation_type,
        event_id=call.event_id,
        attempt=call.attempt,
        outcome=outcome,
        accepted_us=call.accepted_us,
        started_us=call.started_us,
        memory_mb=snapshot.memory_mb,
        error_type=refusal.code,
        error_message=refusal.message,
        trace_id=call.trace_id,
        payload_bytes=len(call.payload),
        concurrency=call.concurrency,
    )
