"""Asynchronous events: stored once, claimed by one, and moved on by the record of each attempt, however late."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from functions.limits import EVENT_MAX_AGE_S
from functions.models import Attempt, Event
from functions.records import AcceptedEvent
from functions.services import events
from functions.services.records import row_id, store
from functions.states import EventState, Outcome
from tests.support.telemetry import FUNCTION, attempt_record, make_event, now_us

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def now():
    """A little ahead, so that what a test accepts is due."""
    return datetime.now(UTC) + timedelta(seconds=1)


def claim(now, *, owner="w1", lost_before=LONG_AGO, limit=10, skipped=(), timeout_s=3):
    return events.claim_due(
        limit=limit,
        owner=owner,
        now=now,
        lost_before=lost_before,
        timeouts=lambda ids: dict.fromkeys(ids, timedelta(seconds=timeout_s)),
        skipped=skipped,
    )


def accepted(**fields) -> AcceptedEvent:
    event = make_event(**fields)
    events.store_accepted([event])
    return event


def row(event) -> Event:
    return Event.objects.get(pk=event.event_id)


def test_an_accepted_event_is_a_row_that_is_due():
    event = accepted(trigger_id="s1", trace_id="t", client_context="c")
    stored = row(event)
    assert (stored.state, stored.payload, stored.qualifier) == (EventState.PENDING, '{"n": 1}', "live")
    assert (stored.trigger_id, stored.trace_id, stored.client_context) == ("s1", "t", "c")
    assert stored.due_at == stored.accepted_at
    assert int(stored.accepted_at.timestamp() * 1e6) == pytest.approx(event.accepted_us, abs=1)


def test_an_event_stored_twice_keeps_where_it_stands(now):
    event = accepted()
    claim(now)
    assert events.store_accepted([event]) == []
    assert row(event).state == EventState.CLAIMED


def test_a_claim_takes_what_is_due_longest_waiting_first_and_numbers_the_attempt(now):
    late = accepted(accepted_us=now_us() - 1_000_000)
    early = accepted(accepted_us=now_us() - 9_000_000)
    accepted(due_us=now_us() + 3_600_000_000)
    claims = claim(now)
    assert [str(found.event.pk) for found in claims] == [early.event_id, late.event_id]
    assert [found.attempt for found in claims] == [1, 1]
    assert row(early).attempts == 1
    assert row(early).lease_until == now + timedelta(seconds=63)
    assert claim(now) == []


def test_a_claim_leaves_functions_that_are_skipped_and_what_is_over_the_limit(now):
    accepted()
    accepted()
    other = accepted(function_id=str(UUID(int=9)))
    assert [str(found.event.pk) for found in claim(now, skipped=[UUID(FUNCTION)])] == [other.event_id]
    assert len(claim(now, limit=1)) == 1


def test_an_event_lost_with_its_worker_is_claimed_again_under_a_new_number(now):
    event = accepted()
    claim(now)
    later = now + timedelta(seconds=64)
    assert claim(later, lost_before=now) == []
    again = claim(later, owner="w2", lost_before=later)
    assert [(str(found.event.pk), found.attempt) for found in again] == [(event.event_id, 2)]


def test_a_renewed_lease_is_not_lost_and_nobody_renews_anothers(now):
    event = accepted()
    claims = claim(now)
    later = now + timedelta(seconds=64)
    events.renew(claims, owner="w1", now=later)
    assert row(event).lease_until == later + timedelta(seconds=63)
    events.renew(claims, owner="w2", now=later + timedelta(seconds=9))
    assert row(event).lease_until == later + timedelta(seconds=63)
    assert claim(later, lost_before=later) == []


def test_an_event_past_its_maximum_age_expires(now):
    event = accepted()
    assert claim(now + timedelta(seconds=EVENT_MAX_AGE_S)) == []
    assert (row(event).state, row(event).ended_at is None) == (EventState.EXPIRED, False)


def test_any_due_says_whether_a_drain_would_find_something(now):
    assert not events.any_due(now, lost_before=now)
    accepted()
    assert events.any_due(now + timedelta(seconds=1), lost_before=now)
    claim(now + timedelta(seconds=1))
    assert not events.any_due(now + timedelta(seconds=1), lost_before=now)
    assert events.any_due(now, lost_before=now + timedelta(hours=1))


def test_success_ends_an_event_and_its_attempt_is_noted_once(now):
    event = accepted()
    claim(now)
    record = attempt_record(event, 1)
    store([record])
    store([record])
    stored = row(event)
    assert (stored.state, stored.last_outcome, stored.lease_until) == ("succeeded", "success", None)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.outcome, str(attempt.invocation_id)) == (1, "success", row_id(record))


def test_failures_are_tried_again_after_one_and_two_minutes_and_then_dead(now):
    event = accepted()
    for number, minutes in ((1, 1), (2, 2)):
        started = now + timedelta(minutes=number * 10)
        assert [found.attempt for found in claim(started)] == [number]
        ended_us = now_us()
        store([attempt_record(event, number, Outcome.FUNCTION_ERROR, error_message="no", duration_us=0)])
        stored = row(event)
        assert (stored.state, stored.last_error) == (EventState.PENDING, "no")
        wait_s = stored.due_at.timestamp() - ended_us / 1e6
        assert wait_s == pytest.approx(60 * minutes, abs=5)
    claim(now + timedelta(hours=1))
    store([attempt_record(event, 3, Outcome.TIMEOUT)])
    assert (row(event).state, row(event).function_errors) == (EventState.DEAD, 3)
    assert Attempt.objects.count() == 3


def test_a_throttle_backs_off_without_using_up_a_retry(now):
    event = accepted()
    for number in range(1, 6):
        claim(now + timedelta(hours=number))
        store([attempt_record(event, number, Outcome.THROTTLED, started_us=0, accepted_us=now_us())])
        assert (row(event).state, row(event).function_errors) == (EventState.PENDING, 0)
    assert row(event).attempts == 5


def test_a_late_failure_decides_nothing_while_a_newer_attempt_is_under_way(now):
    event = accepted()
    claim(now)
    later = now + timedelta(seconds=64)
    claim(later, owner="w2", lost_before=later)
    store([attempt_record(event, 1, Outcome.FUNCTION_ERROR)])
    assert (row(event).state, row(event).lease_owner) == (EventState.CLAIMED, "w2")
    store([attempt_record(event, 2)])
    assert row(event).state == EventState.SUCCEEDED


def test_a_late_success_ends_the_event_whatever_came_later(now):
    event = accepted()
    claim(now)
    later = now + timedelta(seconds=64)
    claim(later, owner="w2", lost_before=later)
    store([attempt_record(event, 1)])
    assert row(event).state == EventState.SUCCEEDED
    store([attempt_record(event, 2, Outcome.FUNCTION_ERROR)])
    assert row(event).state == EventState.SUCCEEDED


def test_attempts_that_arrive_together_are_taken_in_their_order(now):
    event = accepted()
    claim(now)
    store([attempt_record(event, 2), attempt_record(event, 1, Outcome.FUNCTION_ERROR)])
    assert row(event).state == EventState.SUCCEEDED
    assert Attempt.objects.count() == 2


def test_the_record_of_an_event_that_is_gone_is_kept_without_an_attempt():
    assert len(store([attempt_record(make_event(), 1)])) == 1
    assert not Attempt.objects.exists()


def test_what_could_not_be_run_is_given_back_with_a_back_off(now):
    event = accepted()
    [held] = claim(now)
    events.give_back(held, reason="The gateway is not running.", now=now)
    stored = row(event)
    assert (stored.state, stored.due_at) == (EventState.PENDING, now + timedelta(seconds=1))
    assert (stored.last_error, stored.function_errors) == ("The gateway is not running.", 0)
    [again] = claim(now + timedelta(seconds=2))
    assert again.attempt == 2


def test_giving_back_does_not_undo_what_the_record_said(now):
    event = accepted()
    [held] = claim(now)
    store([attempt_record(event, 1)])
    events.give_back(held, reason="broken connection", now=now)
    events.bury(held, reason="broken connection", now=now)
    assert row(event).state == EventState.SUCCEEDED


def test_what_can_never_run_is_a_dead_letter_at_once(now):
    event = accepted()
    [held] = claim(now)
    events.bury(held, reason="Function not found", now=now)
    assert (row(event).state, row(event).last_error) == (EventState.DEAD, "Function not found")
