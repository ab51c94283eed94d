"""Wires the recorder: Redis, the windows of payloads, and signals."""

from __future__ import annotations

import signal
from functools import lru_cache
from typing import Any, cast

import redis

from functions import queues
from functions.config import Config
from functions.limits import CAPTURED_SUCCESSES
from functions.models import Revision
from functions.queries.recorder import Standing
from functions.services.records import newest_payloads
from functions.states import EventCapture, Outcome
from runner.recorder.captures import Captures
from runner.recorder.inbox import Inbox
from runner.recorder.recorder import Recorder


def build(config: Config, consumer: str) -> Recorder:
    """A recorder that reads as `consumer`; it begins with what a consumer of that name left behind. Raises
    redis.RedisError when Redis is away."""
    client = redis.Redis.from_url(config.redis_address, socket_timeout=30, socket_connect_timeout=5)
    streams = [queues.events_stream(), queues.records_stream()]
    inbox = Inbox(client, streams, queues.dead_stream(), consumer)

    def say(standing: Standing) -> None:
        client.hset(queues.recorder_hash(), mapping=cast("Any", standing.fields()))

    return Recorder(inbox, Captures(_newest, event_capture), say)


def run(recorder: Recorder) -> None:
    """Until SIGTERM or SIGINT, and to the end of the current batch."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: recorder.stop())
    recorder.run()


@lru_cache(maxsize=10_000)
def event_capture(revision_id: str) -> str:
    """What a revision says is kept; a revision never changes."""
    if not revision_id:
        return EventCapture.RECENT
    found = Revision.objects.filter(pk=revision_id).values_list("event_capture", flat=True).first()
    return found or EventCapture.RECENT


def _newest(function_id: str) -> list[str]:
    return newest_payloads(function_id, Outcome.SUCCESS, CAPTURED_SUCCESSES)
