"""What happens to an asynchronous event after an attempt: a pure policy. Function failures are tried again
twice, after one and two minutes; throttles and platform failures back off and never use up a retry; six
hours is the end (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.limits import EVENT_MAX_AGE_S
from functions.states import FUNCTION_FAULTS, EventState, Outcome

RETRY_DELAYS = (timedelta(minutes=1), timedelta(minutes=2))
FIRST_BACK_OFF = timedelta(seconds=1)
LONGEST_BACK_OFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how long an event is tried."""

    retries: int = 2
    max_age: timedelta = timedelta(seconds=EVENT_MAX_AGE_S)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The event's next state, and when it is due again while it is pending."""

    state: EventState
    due_at: datetime | None = None


DEFAULT_POLICY = Policy()


def after_attempt(
    outcome: Outcome,
    *,
    accepted_at: datetime,
    now: datetime,
    attempts: int,
    function_errors: int,
    policy: Policy = DEFAULT_POLICY,
) -> Verdict:
    """What an attempt's outcome means. `attempts` and `function_errors` count this attempt too."""
    if outcome == Outcome.SUCCESS:
        return Verdict(EventState.SUCCEEDED)
    if outcome in FUNCTION_FAULTS:
        if function_errors > policy.retries:
            return Verdict(EventState.DEAD)
        delay = RETRY_DELAYS[min(function_errors, len(RETRY_DELAYS)) - 1]
    else:
        delay = back_off(attempts - function_errors)
    return due_again(accepted_at=accepted_at, due_at=now + delay, policy=policy)


def due_again(*, accepted_at: datetime, due_at: datetime, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Pending until `due_at`, or expired if that lies past the maximum age."""
    if due_at >= accepted_at + policy.max_age:
        return Verdict(EventState.EXPIRED)
    return Verdict(EventState.PENDING, due_at)


def back_off(tries: int) -> timedelta:
    """1 s, doubled with each try that was not the function's fault, at most 5 minutes."""
    doublings: int = min(max(tries, 1) - 1, 16)
    return min(LONGEST_BACK_OFF, FIRST_BACK_OFF * (1 << doublings))
