"""Events are told to be safe only once Redis has said so."""

import asyncio

import pytest
import redis.asyncio
import redis.exceptions

from functions import outages
from functions.errors import DiskFull, ServiceUnavailable
from functions.records import AcceptedEvent, decode_event
from functions.states import TriggerKind
from runner.gateway.events import BATCH, EventQueue


def event(number):
    return AcceptedEvent(
        event_id=f"e-{number}", project_id="p", function_id="f", qualifier="", trigger=TriggerKind.API,
        accepted_us=1, payload="{}",
    )  # fmt: skip


def run(url, body):
    async def main():
        client = redis.asyncio.Redis.from_url(url, socket_timeout=5)
        queue = EventQueue(client, "events")
        writing = asyncio.create_task(queue.run())
        try:
            await asyncio.wait_for(body(queue, client), 20)
        finally:
            writing.cancel()
            await client.aclose()

    asyncio.run(main())


async def accepted(queue, number):
    told = asyncio.get_running_loop().create_future()
    queue.accept(event(number), told.set_result)
    return await told


@pytest.mark.redis
def test_events_are_in_the_stream_before_they_are_accepted(redis_url):
    async def body(queue, client):
        answers = await asyncio.gather(*(accepted(queue, number) for number in range(BATCH + 50)))
        assert set(answers) == {None}
        entries = await client.xrange("events")
        assert [decode_event(fields[b"d"]).event_id for _, fields in entries] == [
            f"e-{number}" for number in range(BATCH + 50)
        ]
        assert queue.trouble == ""

    run(redis_url, body)


def test_without_redis_nothing_is_accepted(tmp_path):
    async def body(queue, client):
        refusal = await accepted(queue, 1)
        assert isinstance(refusal, ServiceUnavailable)
        assert refusal.status == 503
        assert "Nothing was accepted" in refusal.message
        assert queue.trouble.startswith("Redis does not answer.")

    run(f"unix://{tmp_path}/none.sock", body)


def test_the_embedded_redis_on_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    async def body():
        monkeypatch.setattr(outages, "disk_is_full", lambda place: place == tmp_path)
        client = redis.asyncio.Redis.from_url(f"unix://{tmp_path}/none.sock")
        queue = EventQueue(client, "events", tmp_path)
        writing = asyncio.create_task(queue.run())
        refusal = await asyncio.wait_for(accepted(queue, 1), 20)
        writing.cancel()
        await client.aclose()
        assert isinstance(refusal, DiskFull)
        assert refusal.status == 503
        assert queue.trouble == refusal.message

    asyncio.run(body())


@pytest.mark.redis
def test_it_works_again_when_redis_is_back(redis_url, monkeypatch):
    async def body(queue, client):
        real = client.pipeline

        def broken(**_):
            raise redis.exceptions.ConnectionError("gone")

        monkeypatch.setattr(client, "pipeline", broken)
        assert isinstance(await accepted(queue, 1), ServiceUnavailable)
        monkeypatch.setattr(client, "pipeline", real)
        assert await accepted(queue, 2) is None
        assert await client.xlen("events") == 1

    run(redis_url, body)
