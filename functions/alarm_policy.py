"""What an alarm watches and when it rings, in CloudWatch's terms. Pure: the numbers are given to it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.errors import InvalidParameterValue
from functions.states import AlarmState, Comparison

PERIODS_S = (60, 300, 900, 3600)
MOST_PERIODS = 24
Numbers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing to watch. `read` takes a period's numbers (queries.metrics) and gives None where there is nothing to
    compare; counts are 0 while nothing runs."""

    title: str
    unit: str
    read: Callable[[Numbers], float | None]


def _count(name: str) -> Callable[[Numbers], float | None]:
    return lambda numbers: float(numbers.get(name) or 0)


def _scaled(name: str, factor: float) -> Callable[[Numbers], float | None]:
    def read(numbers: Numbers) -> float | None:
        value = numbers.get(name)
        return None if value is None else float(value) * factor

    return read


METRICS: Mapping[str, Metric] = {
    "errors": Metric("Errors", "", _count("errors")),
    "error_rate": Metric("Error rate", "%", _scaled("error_rate", 100)),
    "throttles": Metric("Throttles", "", _count("throttles")),
    "invocations": Metric("Invocations", "", _count("invocations")),
    "duration_p95": Metric("Duration, p95", "ms", _scaled("p95_us", 1 / 1000)),
    "cold_starts": Metric("Cold starts", "", _count("cold_starts")),
    "cost": Metric("Cost", "USD", _count("cost_usd")),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`datapoints` of the last `periods` periods (each `period_s` seconds) beyond the threshold make it ring."""

    metric: str
    comparison: Comparison
    threshold: float
    period_s: int
    periods: int
    datapoints: int

    def words(self) -> str:
        """The condition as a person says it."""
        metric = METRICS[self.metric]
        unit = f" {metric.unit}" if metric.unit else ""
        minutes = self.period_s // 60
        span = "in a minute" if minutes == 1 else f"in {minutes} minutes"
        often = f"{self.datapoints} of {self.periods} times" if self.periods > 1 else "once"
        return f"{metric.title} {self.comparison.label} {self.threshold:g}{unit} {span}, {often}"


def check_condition(condition: Condition) -> Condition:
    """The condition itself if there can be such a one; raises InvalidParameterValue with the field."""
    if condition.metric not in METRICS:
        raise InvalidParameterValue("There is no such metric.", field="metric")
    if not math.isfinite(condition.threshold) or condition.threshold < 0:
        raise InvalidParameterValue("A number from 0 up.", field="threshold")
    if condition.period_s not in PERIODS_S:
        raise InvalidParameterValue("A period has 1, 5, 15 or 60 minutes.", field="period")
    if not 1 <= condition.periods <= MOST_PERIODS:
        raise InvalidParameterValue(f"From 1 to {MOST_PERIODS} periods.", field="periods")
    if not 1 <= condition.datapoints <= condition.periods:
        raise InvalidParameterValue("As many as there are periods, at most.", field="datapoints")
    return condition


def decide(condition: Condition, values: Sequence[float | None]) -> tuple[AlarmState, str]:
    """The state that a metric's values (the oldest period first) call for, and why. A period in which nothing ran has
    no rate and no duration: it counts as well, and a metric that has no value at all says nothing."""
    known = [value for value in values if value is not None]
    if not known:
        return AlarmState.INSUFFICIENT, "Nothing ran that has this metric."
    beyond = [value for value in known if condition.comparison.holds(value, condition.threshold)]
    unit = METRICS[condition.metric].unit
    shown = ", ".join(f"{value:g}" for value in (beyond or known)[-3:]) + (f" {unit}" if unit else "")
    if len(beyond) >= condition.datapoints:
        return (
            AlarmState.ALARM,
            f"{len(beyond)} of {len(values)} periods lie beyond {condition.threshold:g}: {shown}.",
        )
    return AlarmState.OK, f"{len(beyond)} of {len(values)} periods lie beyond {condition.threshold:g}."
