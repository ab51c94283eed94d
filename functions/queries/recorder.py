"""How far the recorder is, as it says itself in Redis: pages tell people when numbers are behind, and a drain
asks before it takes a claimed event for lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import redis

from functions.queues import connection, recorder_hash

SILENT_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """All that was sent before `caught_up` is stored. `trouble` is "" while storing works; `waiting` counts
    entries of the streams, each of many records; `set_aside` those that could never be stored."""

    caught_up: datetime
    said: datetime
    waiting: int = 0
    set_aside: int = 0
    trouble: str = ""

    def behind(self, now: datetime) -> timedelta:
        """How old the newest stored records may be; what it said a while ago is judged by the clock."""
        last = self.caught_up if self.waiting or self.trouble else self.said
        return max(timedelta(0), now - last)

    def is_silent(self, now: datetime) -> bool:
        """Whether the recorder seems not to run."""
        return now - self.said > SILENT_AFTER

    def fields(self) -> dict[str, str | int]:
        """As the hash holds it."""
        return {
            "caught_up_us": round(self.caught_up.timestamp() * 1_000_000),
            "said_us": round(self.said.timestamp() * 1_000_000),
            "waiting": self.waiting,
            "set_aside": self.set_aside,
            "trouble": self.trouble,
        }


def standing() -> Standing | None:
    """What the recorder said last; None when it never ran or Redis does not answer."""
    try:
        found = cast("Mapping[bytes, bytes]", connection().hgetall(recorder_hash()))
    except redis.RedisError:
        return None
    if not found:
        return None
    return Standing(
        caught_up=_moment(found[b"caught_up_us"]),
        said=_moment(found[b"said_us"]),
        waiting=int(found[b"waiting"]),
        set_aside=int(found[b"set_aside"]),
        trouble=found[b"trouble"].decode(),
    )


def _moment(text: bytes) -> datetime:
    return datetime.fromtimestamp(int(text) / 1_000_000, UTC)
