"""The scheduler over a real Redis: hands over once whatever dies in between, and waits for what is away."""

import threading
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from functions import queues
from functions.models import Schedule
from functions.records import decode_event
from functions.services import events, firings, triggers
from runner.scheduler import HOUSEKEEPING_S, Scheduler

pytestmark = pytest.mark.redis


@pytest.fixture
def schedule(principal, function):
    made = triggers.create_schedule(
        acting=principal, function=function, name="beat", expression="rate(1 minute)"
    )
    Schedule.objects.update(due_at=timezone.now() - timedelta(seconds=5))
    return made


@pytest.fixture
def scheduler(redis_client):
    return Scheduler(redis_client)


def sent(client):
    return [decode_event(fields[b"d"]) for _, fields in client.xrange(queues.events_stream())]


def test_a_due_schedule_is_handed_over_and_noted(scheduler, schedule, redis_client):
    assert scheduler.fire() == 1
    assert scheduler.fire() == 0
    (event,) = sent(redis_client)
    assert event.trigger_id == str(schedule.pk)
    schedule.refresh_from_db()
    assert schedule.due_at > timezone.now()


def test_two_schedulers_make_one_event(scheduler, schedule, redis_client):
    due = firings.due_firings(now=timezone.now())
    assert scheduler.fire() == 1
    # The other one read the same row before, and writes now.
    assert firings.complete(due, now=timezone.now()) == 0
    assert len({event.event_id for event in sent(redis_client)}) == 1


def test_one_that_dies_before_it_noted_is_made_good_under_the_same_id(
    scheduler, schedule, redis_client, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(firings, "complete", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            scheduler.fire()
    assert scheduler.fire() == 1
    found = sent(redis_client)
    assert len(found) == 2
    assert len(events.store_accepted(found[:1])) == 1
    assert events.store_accepted(found[1:]) == []


def test_with_redis_away_nothing_is_noted(schedule):
    away = Scheduler(redis.Redis(unix_socket_path="/nonexistent"))
    with pytest.raises(redis.RedisError):
        away.fire()
    schedule.refresh_from_db()
    assert schedule.due_at < timezone.now()


def test_the_loop_waits_for_what_is_away_and_stops_when_told(databases):
    away = Scheduler(redis.Redis(unix_socket_path="/nonexistent"))
    ticks = []

    def tick():
        ticks.append(1)
        away.stopping.set()
        raise redis.ConnectionError

    away.tick = tick
    loop = threading.Thread(target=away.run)
    loop.start()
    loop.join(10)
    assert not loop.is_alive()
    assert ticks == [1]


def test_housekeeping_comes_round_at_its_own_pace(scheduler, monkeypatch):
    told, clock = [], [0.0]
    monkeypatch.setattr(queues, "enqueue_housekeeping", told.append)
    scheduler.clock = lambda: clock[0]
    scheduler.keep_house()
    assert sorted(told) == sorted(HOUSEKEEPING_S)
    told.clear()
    clock[0] = 16.0
    scheduler.keep_house()
    assert told == ["deployments"]
