"""How traffic moves from one version to the next, and when it goes back. Pure: what it judges is given to it. The
plans are those of AWS's deployment service, by its names.
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from functions.errors import InvalidParameterValue

AT_ONCE = "LambdaAllAtOnce"
CUSTOM = "custom"
CANARIES = ((10, 5), (10, 10), (10, 15), (10, 30))
LINEARS = ((10, 1), (10, 2), (10, 3), (10, 10))
MINUTES = range(1, 48 * 60 + 1)  # as AWS's custom plans: two days at most
PERCENT = range(1, 100)
# A share of a microsecond against another is noise: a p95 has to be slower by as much as this, too.
SLACK_US = 10_000


@dataclass(frozen=True, slots=True)
class Step:
    """So much of the traffic (percent) for so long (seconds)."""

    percent: int
    seconds: int


Steps = tuple[Step, ...]


def canary(percent: int, minutes: int) -> Steps:
    """A share for a time, then all."""
    return (Step(percent, minutes * 60),)


def linear(percent: int, minutes: int) -> Steps:
    """A share more each time, until it is all."""
    return tuple(Step(share, minutes * 60) for share in range(percent, 100, percent))


PLANS: Mapping[str, tuple[str, Steps]] = {
    **{
        f"LambdaCanary{percent}Percent{minutes}Minutes": (
            f"Canary: {percent} % for {minutes} minutes, then all",
            canary(percent, minutes),
        )
        for percent, minutes in CANARIES
    },
    **{
        f"LambdaLinear{percent}PercentEvery{minutes}Minute{'s' if minutes > 1 else ''}": (
            f"Linear: {percent} % more every {minutes} minute{'s' if minutes > 1 else ''}",
            linear(percent, minutes),
        )
        for percent, minutes in LINEARS
    },
}


def steps_of(plan: str, percent: int = 0, minutes: int = 0) -> Steps:
    """The steps of a plan by name, or of a canary of one's own; none for all at once. Raises InvalidParameterValue
    with field `plan`, `percent` or `minutes`."""
    if plan in PLANS:
        return PLANS[plan][1]
    if plan == AT_ONCE:
        return ()
    if plan != CUSTOM:
        raise InvalidParameterValue("There is no such way to release.", field="plan")
    if percent not in PERCENT:
        raise InvalidParameterValue("From 1 to 99 percent.", field="percent")
    if minutes not in MINUTES:
        raise InvalidParameterValue(f"From 1 to {MINUTES.stop - 1:,} minutes.", field="minutes")
    return canary(percent, minutes)


def plan_words(steps: Sequence[Step]) -> str:
    """A plan in words."""
    for title, known in PLANS.values():
        if tuple(steps) == known:
            return title
    return f"{steps[0].percent} % for {steps[0].seconds // 60} minutes, then all" if steps else "All at once"


@dataclass(frozen=True, slots=True)
class Limits:
    """When a release is bad: its error rate lies so many points (a fraction) above the old version's, or its p95 is
    so many times as long; `least_calls` are needed before it is judged at all."""

    error_points: float = 0.05
    p95_ratio: float = 2.0
    least_calls: int = 20


@dataclass(frozen=True, slots=True)
class Health:
    """What a version did. `p95_us` is None while nothing ran."""

    calls: int = 0
    errors: int = 0
    p95_us: float | None = None

    @property
    def error_rate(self) -> float:
        """Errors of calls, a fraction."""
        return self.errors / self.calls if self.calls else 0.0


class Judgement(StrEnum):
    """What there is to say of the new version."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement and its reason in words."""

    judgement: Judgement
    reason: str


def judge(old: Health, new: Health, limits: Limits) -> Verdict:
    """The new version against the old one."""
    if new.calls < limits.least_calls:
        return Verdict(
            Judgement.UNKNOWN, f"{new.calls} of the {limits.least_calls} calls that it takes to judge"
        )
    if new.error_rate > old.error_rate + limits.error_points:
        return Verdict(
            Judgement.BAD,
            f"Error rate {new.error_rate:.1%} against {old.error_rate:.1%}, in {new.calls:,} calls",
        )
    if old.calls >= limits.least_calls and _is_slower(old, new, limits):
        return Verdict(Judgement.BAD, f"p95 {_ms(new)} against {_ms(old)}, in {new.calls:,} calls")
    return Verdict(Judgement.GOOD, f"As good as before, in {new.calls:,} calls")


def _is_slower(old: Health, new: Health, limits: Limits) -> bool:
    if old.p95_us is None or new.p95_us is None:
        return False
    return new.p95_us > old.p95_us * limits.p95_ratio + SLACK_US


def _ms(health: Health) -> str:
    return f"{(health.p95_us or 0) / 1000:,.0f} ms"
