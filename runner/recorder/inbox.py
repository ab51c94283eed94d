"""The reading end of the two streams: a consumer group, so that what a recorder took and did not store comes
again. Knows Redis; neither records nor databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import redis
from redis.exceptions import ResponseError

GROUP = "recorder"
FIELD = b"d"
LOST_AFTER_MS = 60_000
DEAD_KEPT = 10_000
# Of one stream in one round.
MOST, ENOUGH_BYTES = 1000, 8 * 1024 * 1024
MORE = 200  # asked for at once


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a stream."""

    stream: str
    id: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Dead:
    """What can never be stored: the data and why, for an operator to look at."""

    stream: str
    data: bytes
    reason: str


class Inbox:
    """Some streams, read as one consumer of their group. Raises redis.RedisError when Redis is away."""

    def __init__(self, client: redis.Redis, streams: Sequence[str], dead: str, consumer: str) -> None:
        self._client = client
        self._streams = tuple(streams)
        self._dead = dead
        self._consumer = consumer
        # Each stream is read from the start of what this consumer took and did not acknowledge, then on.
        self._after: dict[str, bytes] = {}

    def rewind(self) -> None:
        """Begin again with what was taken and not acknowledged."""
        self._after = {}

    def _open(self) -> None:
        """Make the groups that are not there."""
        for stream in self._streams:
            try:
                self._client.xgroup_create(stream, GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
        self._after = dict.fromkeys(self._streams, b"0")

    def read(self, count: int, block_ms: int) -> list[Entry]:
        """Up to `count` entries of each stream; waits for the first one unless some were left over."""
        if not self._after:
            self._open()
        left_over = any(position != b">" for position in self._after.values())
        try:
            answer = self._client.xreadgroup(
                GROUP,
                self._consumer,
                cast("Any", dict(self._after)),
                count=count,
                block=None if left_over else block_ms,
            )
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self.rewind()  # the streams were deleted, and the group with them
            return []
        found = [entry for stream, items in _pairs(answer) for entry in _entries(stream, items)]
        self._move_on(found)
        if left_over:
            return found or self.read(count, block_ms)
        return found + [entry for stream in self._streams for entry in self._more(stream, count, found)]

    def _more(self, stream: str, count: int, found: Sequence[Entry]) -> list[Entry]:
        """What else a stream has that gave as much as it was asked for: each round costs the disk its time, whatever
        it stores. Bounded by number and by bytes."""
        sizes = [len(entry.data) for entry in found if entry.stream == stream]
        if len(sizes) < count:
            return []
        more: list[Entry] = []
        while len(sizes) < MOST and (left := ENOUGH_BYTES - sum(sizes)) > 0:
            fitting = 1 + left * len(sizes) // (sum(sizes) or 1)
            asked = min(MOST - len(sizes), fitting, MORE)
            answer = self._client.xreadgroup(GROUP, self._consumer, {stream: ">"}, count=asked)
            got = [entry for name, items in _pairs(answer) for entry in _entries(name, items)]
            more += got
            sizes += [len(entry.data) for entry in got]
            if len(got) < asked:
                break
        return more

    def take_over(self, count: int) -> list[Entry]:
        """Entries that another consumer took a minute ago and did not acknowledge: it is dead."""
        if not self._after:
            self._open()
        found: list[Entry] = []
        for stream in self._streams:
            answer = self._client.xautoclaim(stream, GROUP, self._consumer, LOST_AFTER_MS, "0", count=count)
            found += _entries(stream, cast("Any", answer)[1])
        return found

    def acknowledge(self, entries: Iterable[Entry], dead: Iterable[Dead] = ()) -> None:
        """They are stored or set aside: remove them from their streams."""
        with self._client.pipeline(transaction=True) as pipeline:
            for poison in dead:
                fields = {"d": poison.data, "stream": poison.stream, "reason": poison.reason}
                pipeline.xadd(self._dead, cast("Any", fields), maxlen=DEAD_KEPT, approximate=True)
            for stream in self._streams:
                ids = [entry.id for entry in entries if entry.stream == stream]
                if ids:
                    pipeline.xack(stream, GROUP, *ids)
                    pipeline.xdel(stream, *ids)
            pipeline.execute()

    def waiting(self) -> int:
        """How many entries are not stored yet."""
        return sum(int(self._client.xlen(stream)) for stream in self._streams)

    def oldest(self) -> datetime | None:
        """When the oldest entry that is not stored yet was sent; None when there is none."""
        moments = []
        for stream in self._streams:
            first = cast("Any", self._client.xrange(stream, count=1))
            if first:
                moments.append(datetime.fromtimestamp(int(first[0][0].split(b"-")[0]) / 1000, UTC))
        return min(moments, default=None)

    def dead_count(self) -> int:
        """How many entries were set aside."""
        return self._client.xlen(self._dead)

    def _move_on(self, found: Sequence[Entry]) -> None:
        for stream, position in self._after.items():
            if position != b">":
                ids = [entry.id for entry in found if entry.stream == stream]
                self._after[stream] = ids[-1] if ids else b">"


def _pairs(answer: Any) -> Iterator[tuple[str, Any]]:
    """The streams of an answer: a list in Redis' protocol 2, a mapping in 3."""
    if not answer:
        return
    for stream, items in answer.items() if isinstance(answer, dict) else answer:
        # Protocol 3 wraps each stream's entries once more.
        yield stream.decode(), items[0] if isinstance(answer, dict) and items else items


def _entries(stream: str, items: Any) -> list[Entry]:
    # An entry that was deleted while somebody held it comes without fields.
    return [Entry(stream, key, fields.get(FIELD, b"") if fields else b"") for key, fields in items or ()]
