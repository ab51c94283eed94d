"""Stretches that begin anywhere: each has what a range of its own would have."""

from datetime import timedelta

import pytest

from functions.queries import metrics
from functions.queries.metrics import MetricRange
from tests.support.seed import NOW, Seed


@pytest.mark.parametrize("period_s", [60, 300, 3600])
@pytest.mark.parametrize("of_function", [True, False])
def test_periods_are_ranges_read_at_once(project, function, period_s, of_function):
    seed = Seed(project_id=project.pk, function_id=function.pk, name=function.name)
    end = NOW.replace(minute=7, second=0, microsecond=0)
    for back in (1, 2, 3, 4, 59, 61, 62, 119, 179, 181, 400):
        seed.minute(at=end - timedelta(minutes=back), durations_ms=(10.0, float(back)), errors=back % 3)
    start = end - timedelta(seconds=3 * period_s)
    function_id = function.pk if of_function else None
    alone = [
        metrics.totals(
            chosen=MetricRange(
                project.pk,
                start + timedelta(seconds=period_s * at),
                start + timedelta(seconds=period_s * (at + 1)),
                function_id,
            )
        )
        for at in range(3)
    ]
    assert (
        metrics.periods(chosen=MetricRange(project.pk, start, end, function_id), period_s=period_s) == alone
    )
    assert any(numbers["invocations"] for numbers in alone)
