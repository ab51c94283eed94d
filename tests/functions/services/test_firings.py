"""Schedules fire once per due time, on their beat, and never twice under one event id."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from functions.ids import unix_ms
from functions.models import Schedule
from functions.services import firings, triggers
from functions.services import functions as services

NOW = datetime(2026, 3, 29, 0, 30, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def schedule(principal, function):
    made = triggers.create_schedule(
        acting=principal, function=function, name="beat", expression="rate(1 minute)"
    )
    Schedule.objects.filter(pk=made.pk).update(due_at=NOW)
    return made


def due(now=NOW):
    return firings.due_firings(now=now)


def test_a_due_schedule_is_an_event_of_eventbridges_shape(schedule, function):
    (firing,) = due()
    event = json.loads(firing.event.payload)
    assert (event["source"], event["detail-type"], event["time"]) == (
        "aws.events",
        "Scheduled Event",
        "2026-03-29T00:30:20Z",
    )
    assert event["id"] == firing.event.event_id
    assert (firing.event.function_id, firing.event.qualifier) == (str(function.pk), "live")
    assert firing.next_due_at == NOW + MINUTE


def test_its_own_payload_is_sent_as_it_is(principal, schedule):
    triggers.update_schedule(acting=principal, schedule=schedule, payload='{"a": 1}')
    Schedule.objects.update(due_at=NOW)
    assert due()[0].event.payload == '{"a": 1}'


def test_before_its_time_nothing_is_due(schedule):
    assert due(NOW - timedelta(seconds=1)) == []


def test_a_due_time_is_noted_once_and_always_the_same_event(schedule):
    first, second = due(), due()
    assert first[0].event.event_id == second[0].event.event_id
    assert firings.complete(first, now=NOW) == 1
    assert firings.complete(second, now=NOW) == 0
    schedule.refresh_from_db()
    assert (schedule.due_at, schedule.last_due_at) == (NOW + MINUTE, NOW)
    assert due() == []
    assert due(NOW + MINUTE)[0].event.event_id != first[0].event.event_id


def test_times_that_passed_while_it_was_off_are_one_firing_and_the_beat_is_kept(schedule):
    late = NOW + timedelta(hours=3, seconds=7)
    (firing,) = due(late)
    assert firing.due_at == NOW
    assert firing.next_due_at == NOW + timedelta(hours=3, minutes=1)


def test_a_wall_clock_time_goes_on_from_now_in_its_zone(principal, schedule):
    triggers.update_schedule(
        acting=principal, schedule=schedule, expression="cron(30 2 * * ? *)", timezone="Europe/Berlin"
    )
    Schedule.objects.update(due_at=NOW)
    # The clock skips 2:30 on that day: it fires at 3:00 summer time, 1:00 UTC.
    assert due()[0].next_due_at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("change", ["paused", "deleted", "disabled"])
def test_what_is_out_of_service_does_not_fire(principal, function, schedule, change):
    match change:
        case "paused":
            services.set_paused(acting=principal, function=function, paused=True)
        case "deleted":
            services.delete_function(acting=principal, function=function)
        case "disabled":
            triggers.update_schedule(acting=principal, schedule=schedule, enabled=False)
    assert due(NOW + timedelta(days=1)) == []


def test_the_last_firing_leaves_nothing_due(principal, schedule):
    Schedule.objects.update(expression="at(2026-03-29T00:30:20)")
    (firing,) = due()
    assert firing.next_due_at is None
    firings.complete([firing], now=NOW)
    assert firings.next_due_at() is None


def test_a_firing_missed_for_long_has_its_whole_time_to_run(schedule):
    """An event expires six hours after it was accepted; its id tells when it was due."""
    late = NOW + timedelta(hours=9)
    (firing,) = due(late)
    assert firing.event.accepted_us == int(late.timestamp() * 1_000_000)
    assert unix_ms(UUID(firing.event.event_id)) == int(NOW.timestamp() * 1000)
    assert UUID(firing.event.event_id).version == 7


def test_one_that_can_no_longer_be_read_is_switched_off_and_keeps_nobody_waiting(
    principal, function, schedule
):
    broken = triggers.create_schedule(
        acting=principal, function=function, name="broken", expression="rate(1 minute)"
    )
    Schedule.objects.filter(pk=broken.pk).update(due_at=NOW, timezone="Mars/Olympus")
    assert [firing.schedule_id for firing in due()] == [schedule.pk]
    broken.refresh_from_db()
    assert (broken.enabled, broken.due_at) == (False, None)
