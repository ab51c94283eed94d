"""Plans, and what is bad enough to go back."""

import pytest

from functions.errors import InvalidParameterValue
from functions.release_policy import (
    AT_ONCE,
    CUSTOM,
    PLANS,
    Health,
    Judgement,
    Limits,
    Step,
    judge,
    plan_words,
    steps_of,
)

LIMITS = Limits(error_points=0.05, p95_ratio=2.0, least_calls=20)


def test_the_plans_are_aws_s_by_name_and_length():
    assert set(PLANS) == {
        "LambdaCanary10Percent5Minutes",
        "LambdaCanary10Percent10Minutes",
        "LambdaCanary10Percent15Minutes",
        "LambdaCanary10Percent30Minutes",
        "LambdaLinear10PercentEvery1Minute",
        "LambdaLinear10PercentEvery2Minutes",
        "LambdaLinear10PercentEvery3Minutes",
        "LambdaLinear10PercentEvery10Minutes",
    }
    assert steps_of("LambdaCanary10Percent5Minutes") == (Step(10, 300),)
    linear = steps_of("LambdaLinear10PercentEvery1Minute")
    assert [step.percent for step in linear] == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert {step.seconds for step in linear} == {60}


def test_all_at_once_has_no_steps_and_each_plan_its_words():
    assert steps_of(AT_ONCE) == ()
    assert plan_words(()) == "All at once"
    assert plan_words(steps_of("LambdaLinear10PercentEvery1Minute")) == "Linear: 10 % more every 1 minute"
    assert plan_words(steps_of(CUSTOM, 25, 7)) == "25 % for 7 minutes, then all"


@pytest.mark.parametrize(("percent", "minutes"), [(1, 1), (99, 2880)])
def test_a_canary_of_one_s_own(percent, minutes):
    assert steps_of(CUSTOM, percent, minutes) == (Step(percent, minutes * 60),)


@pytest.mark.parametrize(
    ("plan", "percent", "minutes", "field"),
    [
        ("Lambda", 10, 5, "plan"),
        (CUSTOM, 0, 5, "percent"),
        (CUSTOM, 100, 5, "percent"),
        (CUSTOM, 10, 0, "minutes"),
        (CUSTOM, 10, 2881, "minutes"),
    ],
)
def test_what_is_no_plan_is_refused(plan, percent, minutes, field):
    with pytest.raises(InvalidParameterValue) as refused:
        steps_of(plan, percent, minutes)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("old", "new", "judgement"),
    [
        (Health(), Health(19, 19, 1.0), Judgement.UNKNOWN),
        (Health(), Health(20, 0, 1.0), Judgement.GOOD),
        (Health(), Health(20, 1, 1.0), Judgement.GOOD),  # 5 points above nothing: as much as is allowed
        (Health(), Health(20, 2, 1.0), Judgement.BAD),
        (Health(100, 50, 1.0), Health(100, 55, 1.0), Judgement.GOOD),
        (Health(100, 50, 1.0), Health(100, 56, 1.0), Judgement.BAD),
        (Health(100, 0, 100_000.0), Health(100, 0, 210_000.0), Judgement.GOOD),
        (Health(100, 0, 100_000.0), Health(100, 0, 210_001.0), Judgement.BAD),
        (Health(100, 0, 1000.0), Health(100, 0, 9000.0), Judgement.GOOD),  # 8 ms are noise
        (Health(19, 0, 100_000.0), Health(100, 0, 900_000.0), Judgement.GOOD),  # too few to compare with
        (Health(), Health(100, 0, 900_000.0), Judgement.GOOD),
    ],
)
def test_what_is_worse_goes_back(old, new, judgement):
    assert judge(old, new, LIMITS).judgement == judgement


def test_the_reason_has_the_numbers():
    assert (
        judge(Health(200, 2), Health(40, 18), LIMITS).reason == "Error rate 45.0% against 1.0%, in 40 calls"
    )
    slow = judge(Health(200, 0, 100_000.0), Health(40, 0, 900_000.0), LIMITS)
    assert slow.reason == "p95 900 ms against 100 ms, in 40 calls"
    assert judge(Health(), Health(3, 0), LIMITS).reason == "3 of the 20 calls that it takes to judge"
