"""How results and refusals look to an AWS SDK. Pure but for writing to the exchange."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any

from functions import limits
from functions.errors import FunctoryError, ServiceError
from functions.protocols import refusal
from functions.records import InvocationRecord
from functions.states import Outcome
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import Finished, new_request_id

log = logging.getLogger("functory.gateway")
JSON = ("content-type", "application/json")


def refuse(exchange: Exchange, error: FunctoryError, request_id: str = "", *, recorded: bool = False) -> None:
    """A refusal, in the shape that botocore reads; what never became a call gets a request id here, and is noted
    unless it is `recorded` as a call that did not run."""
    request_id = request_id or new_request_id()
    if exchange.on_refused is not None and not recorded:
        exchange.on_refused(error, request_id)
    shown = refusal(exchange.protocol, error, request_id)
    exchange.respond(shown.status, shown.headers.items(), shown.body)


def broken(exchange: Exchange) -> None:
    """The answer of a request on whose way something failed that should not; the log says what."""
    refuse(exchange, ServiceError("The gateway failed; its log says why."))


def guarded(exchange: Exchange, step: Callable[..., None], *arguments: Any) -> Callable[..., None]:
    """A step that is taken later: what it raises becomes the answer, so that no caller waits for ever."""

    def take(*more: Any) -> None:
        try:
            step(*arguments, *more)
        except FunctoryError as error:
            refuse(exchange, error)
        except Exception:
            log.exception("a request failed")
            broken(exchange)

    return take


def tail_of(log: str) -> str:
    """The last 4 kB of a log, base64, as LogResult has it; a character cut in two is left out."""
    raw = log.encode()[-limits.LOG_TAIL :].decode("utf-8", "ignore").encode()
    return base64.b64encode(raw).decode("ascii")


def invoked(exchange: Exchange, finished: Finished, *, log_tail: bool) -> None:
    """The answer of a synchronous Invoke
    (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""
    record = finished.record
    if finished.refusal is not None:
        refuse(exchange, finished.refusal, record.request_id, recorded=True)
        return
    if record.outcome is Outcome.SUCCESS and not log_tail and exchange.request.method == "POST":
        exchange.respond_with(invoked_head(record), finished.response)
        return
    headers = [
        JSON,
        ("x-amzn-RequestId", record.request_id),
        ("X-Amz-Executed-Version", record.version),
        ("X-Amzn-Trace-Id", record.trace_id),
        ("x-amzn-Remapped-Content-Length", "0"),
    ]
    if record.outcome is not Outcome.SUCCESS:
        headers.append(("X-Amz-Function-Error", "Unhandled"))
    if log_tail:
        headers.append(("X-Amz-Log-Result", tail_of(finished.log)))
    exchange.respond(200, headers, finished.response)


def invoked_head(record: InvocationRecord) -> bytes:
    """The head of the usual answer, the same as of any other, in one piece."""
    return (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-amzn-RequestId: {record.request_id}\r\n"
        f"X-Amz-Executed-Version: {record.version}\r\nX-Amzn-Trace-Id: {record.trace_id}\r\n"
        "x-amzn-Remapped-Content-Length: 0\r\n"
    ).encode("latin-1", "replace")
