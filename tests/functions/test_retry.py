"""What becomes of an event: every outcome, every count, and the six hours' end."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.retry import Policy, after_attempt, back_off
from functions.states import FUNCTION_FAULTS, NOT_RUN, EventState, Outcome

START = datetime(2026, 3, 1, tzinfo=UTC)


def verdict(outcome, *, after=timedelta(0), attempts=1, errors=1, **rest):
    return after_attempt(
        outcome, accepted_at=START, now=START + after, attempts=attempts, function_errors=errors, **rest
    )


def test_success_ends_it():
    assert verdict(Outcome.SUCCESS, errors=0).state == EventState.SUCCEEDED


@pytest.mark.parametrize("outcome", sorted(FUNCTION_FAULTS))
def test_function_faults_are_tried_twice_more(outcome):
    first = verdict(outcome, errors=1)
    second = verdict(outcome, attempts=2, errors=2)
    assert (first.state, first.due_at) == (EventState.PENDING, START + timedelta(minutes=1))
    assert (second.state, second.due_at) == (EventState.PENDING, START + timedelta(minutes=2))
    assert verdict(outcome, attempts=3, errors=3).state == EventState.DEAD


@pytest.mark.parametrize("outcome", sorted(NOT_RUN))
def test_throttles_and_platform_failures_use_up_no_retry(outcome):
    for attempts in (1, 5, 500):
        assert verdict(outcome, attempts=attempts, errors=0).state == EventState.PENDING
    assert verdict(outcome, attempts=500, errors=2).state == EventState.PENDING


def test_back_off_doubles_from_a_second_to_five_minutes():
    assert [back_off(tries).total_seconds() for tries in (0, 1, 2, 3, 9, 10, 10_000)] == [
        1,
        1,
        2,
        4,
        256,
        300,
        300,
    ]


def test_six_hours_are_the_end():
    late = timedelta(hours=5, minutes=59, seconds=30)
    assert verdict(Outcome.FUNCTION_ERROR, after=late).state == EventState.EXPIRED
    assert verdict(Outcome.THROTTLED, after=late, errors=0).state == EventState.PENDING
    assert verdict(Outcome.THROTTLED, after=timedelta(hours=6), errors=0).state == EventState.EXPIRED
    assert verdict(Outcome.SUCCESS, after=timedelta(hours=7)).state == EventState.SUCCEEDED


def test_a_policy_without_retries():
    assert verdict(Outcome.TIMEOUT, policy=Policy(retries=0)).state == EventState.DEAD
