"""What Redis alone holds: events that were answered with 202 and records of calls that the recorder has not made rows
of yet. RQ's jobs are only wake-up calls, and are left out."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import redis

from functions.queues import events_stream, records_stream
from functions.records import decode_event, decode_records
from functions.services.events import store_accepted
from functions.services.records import store
from runner.backup.errors import BackupError

PAGE = 500


class Waiting(msgspec.Struct, frozen=True):
    """The entries of both streams, as they came."""

    events: list[bytes]
    records: list[bytes]


def read_waiting(client: redis.Redis) -> Waiting:
    """What waits now; raises BackupError while Redis is away, since that would be missing."""
    try:
        return Waiting(_entries(client, events_stream()), _entries(client, records_stream()))
    except (redis.RedisError, OSError) as error:
        raise BackupError(
            f"Redis does not answer ({error}), and events that wait there would be missing. A backup is made while "
            "Functory runs: start it with `make up`, or leave them out with --without-events."
        ) from error


def store_waiting(waiting: Waiting) -> tuple[int, int]:
    """Make rows of what is new; returns how many events and records."""
    events = store_accepted([decode_event(data) for data in waiting.events])
    records = [record for data in waiting.records for record in decode_records(data)]
    return len(events), len(store(records)) if records else 0


def _entries(client: redis.Redis, stream: str) -> list[bytes]:
    found: list[bytes] = []
    after = "-"
    while page := cast("Any", client.xrange(stream, min=after, count=PAGE)):
        found += [fields[b"d"] for _, fields in page if b"d" in fields]
        after = b"(" + page[-1][0]
    return found
