"""The recorder over a real Redis: nothing lost, nothing twice, whatever dies or is away in between."""

import logging
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
import redis
from django.db import DataError, OperationalError

from functions import queues
from functions.models import Event, Invocation, InvocationPayload, MetricMinute
from functions.queries.recorder import standing
from functions.records import encode
from runner.recorder import recorder as module
from runner.recorder.main import build
from tests.support.telemetry import attempt_record, make_event, make_record

pytestmark = [pytest.mark.redis, pytest.mark.django_db(databases=["default", "telemetry"])]


@pytest.fixture
def recorder(redis_server, settings):
    return build(settings.FUNCTORY, "main")


def send_records(client, *records):
    client.xadd(queues.records_stream(), {"d": encode(list(records))})


def send_event(client, event):
    client.xadd(queues.events_stream(), {"d": encode(event)})


def left(client):
    """Entries that are in the streams, and those among them that somebody holds."""
    streams = [queues.records_stream(), queues.events_stream()]
    held = sum(client.xpending(stream, "recorder")["pending"] for stream in streams)
    return sum(client.xlen(stream) for stream in streams), held


def run_dry(recorder):
    while recorder.run_once(block_ms=1):
        pass


def test_a_batch_is_stored_and_then_gone_from_the_streams(recorder, redis_client):
    event = make_event()
    send_event(redis_client, event)
    send_records(redis_client, make_record(), attempt_record(event, 1))
    assert recorder.run_once() == 2
    assert Invocation.objects.count() == 2
    assert Event.objects.get().state == "succeeded"
    assert left(redis_client) == (0, 0)


def test_a_burst_of_events_is_stored_in_one_round(recorder, redis_client):
    for _ in range(300):
        send_event(redis_client, make_event())
    send_records(redis_client, make_record())
    while recorder.run_once(block_ms=1) == 0:  # there was nothing left over from before
        pass
    assert (Event.objects.count(), Invocation.objects.count()) == (300, 1)
    assert left(redis_client) == (0, 0)


def test_a_round_is_bounded_by_bytes_and_by_number(recorder, redis_client, monkeypatch):
    for _ in range(100):
        send_event(redis_client, make_event())
    run_dry(recorder)
    size = len(encode(make_event()))
    for limits, stored in (({"ENOUGH_BYTES": 50 * size, "MOST": 1000}, 50), ({"MOST": 30}, 30)):
        for name, value in limits.items():
            monkeypatch.setattr(f"runner.recorder.inbox.{name}", value)
        for _ in range(100):
            send_event(redis_client, make_event())
        assert stored <= recorder.run_once(block_ms=1) <= stored + 2
        run_dry(recorder)
    assert Event.objects.count() == 300


def test_a_stored_event_wakes_a_drain(recorder, redis_client):
    send_event(redis_client, make_event())
    recorder.run_once()
    assert redis_client.llen("rq:queue:events") == 1


def test_what_a_dead_recorder_stored_but_did_not_acknowledge_counts_once(recorder, redis_client, settings):
    send_records(redis_client, make_record())
    recorder._inbox.acknowledge = lambda *_: None  # it dies here
    recorder.run_once()
    assert left(redis_client) == (1, 1)
    run_dry(build(settings.FUNCTORY, "main"))
    assert (Invocation.objects.count(), MetricMinute.objects.get().invocations) == (1, 1)
    assert left(redis_client) == (0, 0)


def test_what_another_recorder_took_and_left_is_taken_over(recorder, redis_client, settings, monkeypatch):
    monkeypatch.setattr("runner.recorder.inbox.LOST_AFTER_MS", 0)
    send_records(redis_client, make_record())
    build(settings.FUNCTORY, "gone")._inbox.read(10, 1)
    assert recorder.run_once(block_ms=1) == 1
    assert (Invocation.objects.count(), left(redis_client)) == (1, (0, 0))


def test_what_another_recorder_still_works_on_is_left_alone(recorder, redis_client, settings):
    send_records(redis_client, make_record())
    build(settings.FUNCTORY, "busy")._inbox.read(10, 1)
    assert recorder.run_once(block_ms=1) == 0
    assert left(redis_client) == (1, 1)


def test_unreadable_entries_are_set_aside_with_the_reason(recorder, redis_client, caplog):
    redis_client.xadd(queues.records_stream(), {"d": b"{no json"})
    redis_client.xadd(queues.events_stream(), {"d": b'{"event_id": 3}'})
    send_records(redis_client, make_record())
    recorder.run_once()
    dead = [fields for _, fields in redis_client.xrange(queues.dead_stream())]
    assert [fields[b"d"] for fields in dead] == [b'{"event_id": 3}', b"{no json"]
    assert all(fields[b"reason"].startswith(b"unreadable") for fields in dead)
    assert (Invocation.objects.count(), left(redis_client)) == (1, (0, 0))
    assert sum("set aside" in message for message in caplog.messages) == 2


def test_one_record_that_cannot_be_stored_does_not_hold_up_the_rest(recorder, redis_client, caplog):
    bad = make_record(request_id="no-uuid")
    send_records(redis_client, *(make_record() for _ in range(5)), bad, make_record())
    send_records(redis_client, make_record())
    recorder.run_once()
    assert Invocation.objects.count() == MetricMinute.objects.get().invocations == 7
    [(_, dead)] = redis_client.xrange(queues.dead_stream())
    assert msgspec.json.decode(dead[b"d"])["request_id"] == "no-uuid"
    assert b"not a UUID" in dead[b"reason"]
    assert left(redis_client) == (0, 0)
    assert any("not a UUID" in message for message in caplog.messages)


@pytest.mark.parametrize("message", ["database is locked", "database or disk is full"])
def test_a_database_that_is_away_loses_nothing(recorder, redis_client, monkeypatch, caplog, message):
    caplog.set_level(logging.INFO)
    waits = []
    monkeypatch.setattr(recorder._stopping, "wait", waits.append)
    monkeypatch.setattr(module.connections, "close_all", lambda: None)  # the test's transaction lives there
    store, tries = module.store, []

    def reluctant(*args, **kwargs):
        tries.append(1)
        if len(tries) < 4:
            raise OperationalError(message)
        return store(*args, **kwargs)

    monkeypatch.setattr(module, "store", reluctant)
    send_records(redis_client, make_record())
    recorder.run_once()
    assert waits == [0.2, 0.4, 0.8]
    assert (Invocation.objects.count(), left(redis_client)) == (1, (0, 0))
    assert [text for text in caplog.messages if message in text] == [
        f"A database does not take rows: {message}; records wait"
    ]
    assert "storing again" in caplog.messages


def test_while_a_database_is_away_it_says_so_and_stops_when_told(recorder, redis_client, monkeypatch):
    def full(*args, **kwargs):
        recorder.stop()
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(module, "store", full)
    monkeypatch.setattr(module.connections, "close_all", lambda: None)
    send_records(redis_client, make_record())
    recorder.run()
    said = standing()
    assert "disk is full" in said.trouble
    assert said.behind(said.said + timedelta(minutes=2)) >= timedelta(minutes=2)
    assert left(redis_client) == (1, 1)


def test_it_says_that_it_has_caught_up(recorder, redis_client):
    assert standing() is None
    recorder.run_once(block_ms=1)
    said = standing()
    assert (said.waiting, said.trouble, said.set_aside) == (0, "", 0)
    assert said.caught_up == said.said
    assert said.behind(said.said) == timedelta(0)
    assert not said.is_silent(said.said)
    assert said.is_silent(said.said + timedelta(minutes=1))


def test_it_says_how_far_it_is_behind(recorder, redis_client, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 1)
    monkeypatch.setattr("runner.recorder.inbox.MOST", 1)
    for _ in range(3):
        send_records(redis_client, make_record())
    recorder.run_once()
    said = standing()
    assert said.waiting == 2
    assert said.caught_up <= said.said


def test_redis_may_restart_under_it(recorder, redis_server, redis_client, monkeypatch):
    send_records(redis_client, make_record())
    run_dry(recorder)
    waits = []

    def wait(seconds):
        waits.append(seconds)
        redis_server.start()

    redis_server.kill()
    monkeypatch.setattr(recorder._stopping, "wait", wait)
    rest = iter([False, False, True])
    monkeypatch.setattr(recorder._stopping, "is_set", lambda: next(rest))
    recorder.run()
    assert len(waits) == 1
    with redis_server.client() as client:
        send_records(client, make_record())
        run_dry(recorder)
        assert (Invocation.objects.count(), left(client)) == (2, (0, 0))


def test_streams_that_vanish_are_made_again(recorder, redis_client):
    recorder.run_once(block_ms=1)
    redis_client.flushall()
    send_records(redis_client, make_record())
    run_dry(recorder)
    recorder.run_once(block_ms=1)
    assert Invocation.objects.count() == 1


def test_payloads_of_old_successes_make_room(recorder, redis_client):
    for _ in range(3):
        send_records(redis_client, *(make_record(payload="{}") for _ in range(30)))
        run_dry(recorder)
    assert InvocationPayload.objects.count() == 50


def test_a_database_error_of_the_data_is_not_waited_for(recorder, redis_client, monkeypatch):
    monkeypatch.setattr(module, "store", lambda *_, **__: (_ for _ in ()).throw(DataError("too long")))
    send_records(redis_client, make_record())
    recorder.run_once()
    assert redis_client.xlen(queues.dead_stream()) == 1
    assert left(redis_client) == (0, 0)


def test_standing_is_unknown_while_redis_is_away(redis_server, settings, tmp_path):
    settings.FUNCTORY = replace(settings.FUNCTORY, redis_url=f"unix://{tmp_path}/none.sock")
    queues.connection.cache_clear()
    assert standing() is None
    with pytest.raises(redis.RedisError):
        build(settings.FUNCTORY, "main").run_once()


def test_a_backlog_is_stored_in_several_transactions(recorder, redis_client, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 3)
    sizes, store = [], module.store

    def noted(records, **options):
        sizes.append(len(records))
        return store(records, **options)

    monkeypatch.setattr(module, "store", noted)
    for _ in range(2):
        send_records(redis_client, *(make_record() for _ in range(4)))
    recorder.run_once()
    assert sizes == [3, 3, 2]
    assert (Invocation.objects.count(), left(redis_client)) == (8, (0, 0))
