"""What an end means: error objects as bootstraps send them, and the death of a process in AWS's words. Pure."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass

from functions.states import Outcome
from runner.sandbox.spec import Call

_MOST_TEXT = 64 * 1024


@dataclass(frozen=True, slots=True)
class FunctionError:
    """An error object of AWS's shape, read with mistrust: the sender may be hostile."""

    type: str
    message: str
    stack: tuple[str, ...]
    well_formed: bool


def read_error(body: bytes) -> FunctionError:
    """The parts of an error object; an unreadable one is an error of its own."""
    try:
        document = json.loads(body)
        stack = document.get("stackTrace") or document.get("trace") or []
        return FunctionError(
            str(document.get("errorType", ""))[:256],
            str(document.get("errorMessage", ""))[:_MOST_TEXT],
            tuple(str(line)[:4096] for line in stack[:200]),
            True,
        )
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return FunctionError("Runtime.Unknown", "The runtime sent an error that cannot be read.", (), False)


def death(oom_killed: bool, call: Call | None, status: int | None = None) -> tuple[Outcome, str, str]:
    """Outcome, error type and message of a process that ended by itself, with exit status or minus signal
    (https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html)."""
    prefix = f"RequestId: {call.request_id} Error: " if call is not None else "Error: "
    if oom_killed:
        return (
            Outcome.OUT_OF_MEMORY,
            "Runtime.OutOfMemory",
            f"{prefix}Runtime exited with error: signal: killed",
        )
    return Outcome.CRASH, "Runtime.ExitError", f"{prefix}Runtime exited {_manner(status)}"


def _manner(status: int | None) -> str:
    if not status:
        return "without providing a reason"
    if status > 0:
        return f"with error: exit status {status}"
    known = signal.strsignal(-status) if -status in signal.valid_signals() else None
    return f"with error: signal: {known.lower() if known else -status}"
