"""What the engine's client library raises, in words: an engine that does not answer, or what it answered. The one
place for it; asks nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import requests.exceptions

_WHILE_AWAY = (
    "Functions that have a warm sandbox go on answering; nothing else can start, and nothing can be deployed."
)
_START = "Start it with `systemctl start docker`, or run `make up` again."
_JOIN = "Start Functory as root, or as a member of the group docker."


def engine_words(error: BaseException, socket: Path | None = None, *, doing: str = "") -> str:
    """One message for the person who reads it. `socket` is named where the caller knows it; `doing` is what the
    engine refused, for when it did answer."""
    reason = silence(error)
    if not reason:
        said = str(getattr(error, "explanation", None) or error)
        return f"{doing}: {said}" if doing else said
    place = f" at {socket}" if socket else ""
    remedy = _JOIN if "may not" in reason else _START
    return f"The Docker engine{place} does not answer: {reason}. {_WHILE_AWAY} {remedy}"


def silence(error: BaseException) -> str:
    """Why there was no answer at all; "" when the engine did answer, with an error."""
    found = list(_within(error))
    for kind, reason in _REASONS:
        if any(isinstance(one, kind) for one in found):
            return reason
    return ""


# The first that fits counts, from the cause to the mere break: libraries wrap the one in the other.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (FileNotFoundError, "it is not running, since its socket is not there"),
    (ConnectionRefusedError, "it is not running, since nobody listens at its socket"),
    (PermissionError, "this process may not open its socket"),
    (requests.exceptions.Timeout, "it took too long"),
    (TimeoutError, "it took too long"),
    (requests.exceptions.ConnectionError, "the connection broke"),
    (requests.exceptions.ChunkedEncodingError, "the connection broke"),
    (ConnectionError, "the connection broke"),
)


def _within(error: BaseException) -> Iterator[BaseException]:
    """An error, what led to it and what it was made of: requests puts the cause among the arguments."""
    seen: set[int] = set()
    left: list[BaseException] = [error]
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        parts = (one.__cause__, one.__context__, *one.args)
        left += [part for part in parts if isinstance(part, BaseException)]
