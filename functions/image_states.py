"""How far the images of runtimes are: told by whoever makes them, read by pages. Kept in Redis, since it is about
this machine's engine and not about anybody's function."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from redis.exceptions import RedisError

from functions.queues import connection, prefix


class ImageState(StrEnum):
    """Of a runtime's images together."""

    ABSENT = "absent"
    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


REBUILD = "rebuild"  # in place of a runtime: all images that there are, made anew
UNDER_WAY = frozenset({ImageState.WAITING, ImageState.MAKING})
_SILENT_S = 900.0  # longer than any step: its maker has died


@dataclass(frozen=True, slots=True)
class ImageReport:
    """`detail` is the step that runs, or why there is no image; `since` when this state began and `at` when it was
    last told, seconds since 1970."""

    state: ImageState
    detail: str = ""
    since: float = 0.0
    at: float = 0.0

    @property
    def at_us(self) -> int:
        """When it was last told, in Unix microseconds."""
        return int(self.at * 1_000_000)

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is at it."""
        return self.state in UNDER_WAY and time.time() - self.at < _SILENT_S


ABSENT = ImageReport(ImageState.ABSENT)


def tell(identifier: str, state: ImageState, detail: str = "") -> None:
    """Say how far a runtime's images are. That Redis is away stops nobody from making them."""
    try:
        before = report_of(identifier)
        now = time.time()
        since = before.since if before.state is state else now
        text = json.dumps({"state": state, "detail": detail[:2000], "since": since, "at": now})
        connection().hset(_key(), identifier, text)
    except RedisError:
        return


def report_of(identifier: str) -> ImageReport:
    """What was told last of one runtime; raises RedisError."""
    found = connection().hget(_key(), identifier)
    return _read(found) if found else ABSENT


def reports() -> dict[str, ImageReport]:
    """What was told last of each runtime; nothing while Redis is away."""
    try:
        told = cast("dict[bytes, bytes]", connection().hgetall(_key()))
    except RedisError:
        return {}
    return {name.decode(): _read(text) for name, text in told.items()}


def _read(text: bytes | str) -> ImageReport:
    told = json.loads(text)
    return ImageReport(ImageState(told["state"]), told["detail"], told["since"], told["at"])


def _key() -> str:
    return prefix() + "images"
