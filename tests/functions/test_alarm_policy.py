"""What alarms watch, and when they ring."""

import pytest

from functions.alarm_policy import METRICS, Condition, check_condition, decide
from functions.errors import InvalidParameterValue
from functions.states import AlarmState, Comparison

NONE = {"error_rate": None, "p95_us": None}


def condition(**more):
    known = {
        "metric": "errors", "comparison": Comparison.AT_LEAST, "threshold": 5.0, "period_s": 300, "periods": 3,
        "datapoints": 2,
    }  # fmt: skip
    return Condition(**{**known, **more})


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ([0, 0, 0], AlarmState.OK),
        ([5, 0, 0], AlarmState.OK),
        ([5, 0, 5], AlarmState.ALARM),
        ([4.9, 4.9, 4.9], AlarmState.OK),
        ([None, None, None], AlarmState.INSUFFICIENT),
        ([None, 5, 9], AlarmState.ALARM),
        ([None, None, 9], AlarmState.OK),
    ],
)
def test_enough_periods_beyond_the_limit_make_it_ring(values, state):
    assert decide(condition(), values)[0] == state


@pytest.mark.parametrize(
    ("comparison", "value", "holds"),
    [
        (Comparison.ABOVE, 5, False), (Comparison.ABOVE, 6, True), (Comparison.AT_LEAST, 5, True),
        (Comparison.BELOW, 5, False), (Comparison.BELOW, 4, True), (Comparison.AT_MOST, 5, True),
    ],
)  # fmt: skip
def test_comparisons(comparison, value, holds):
    assert comparison.holds(value, 5) is holds


def test_a_schedule_that_no_longer_runs_is_noticed():
    quiet = condition(metric="invocations", comparison=Comparison.BELOW, threshold=1, periods=1, datapoints=1)
    assert decide(quiet, [METRICS["invocations"].read({**NONE, "invocations": 0})])[0] == AlarmState.ALARM


def test_metrics_are_read_in_their_units():
    numbers = {"errors": 3, "error_rate": 0.25, "p95_us": 12_500.0, "cost_usd": 0.5}
    read = {key: metric.read(numbers) for key, metric in METRICS.items()}
    assert (read["errors"], read["error_rate"], read["duration_p95"], read["cost"]) == (3, 25, 12.5, 0.5)
    assert METRICS["error_rate"].read(NONE) is None
    assert METRICS["errors"].read({}) == 0


def test_a_condition_in_words():
    assert condition().words() == "Errors at or above 5 in 5 minutes, 2 of 3 times"
    one = condition(metric="duration_p95", period_s=60, periods=1, datapoints=1, threshold=250)
    assert one.words() == "Duration, p95 at or above 250 ms in a minute, once"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"metric": "moon"}, "metric"),
        ({"threshold": -1.0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"period_s": 61}, "period"),
        ({"periods": 0}, "periods"),
        ({"periods": 25}, "periods"),
        ({"datapoints": 0}, "datapoints"),
        ({"datapoints": 4}, "datapoints"),
    ],
)
def test_what_is_no_condition_is_refused(wrong, field):
    with pytest.raises(InvalidParameterValue) as refused:
        check_condition(condition(**wrong))
    assert refused.value.field == field
