"""The JSON that charts are drawn from, with and without the range before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console import metric_charts
from console.metric_charts import CHARTS
from console.ranges import TimeRange

START = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
WITHIN = TimeRange(START, START + timedelta(minutes=3), 60)


def moment(minute: int) -> int:
    return int((START + timedelta(minutes=minute)).timestamp())


def test_without_comparing_there_is_no_second_column():
    answer = metric_charts.answer(within=WITHIN, rows={moment(1): {"invocations": 4}}, deploys=[])
    assert answer["times"] == [moment(0), moment(1), moment(2)]
    assert answer["charts"][0]["columns"][0] == [0, 4, 0]
    assert not any("before" in chart for chart in answer["charts"])


def test_the_range_before_stands_under_the_same_times():
    before = {moment(-3): {"invocations": 9, "p95_us": 700}, moment(-1): {"invocations": 2}}
    answer = metric_charts.answer(within=WITHIN, rows={}, deploys=[], before=before)
    charts = {chart["key"]: chart["before"] for chart in answer["charts"]}
    assert charts["calls"] == {"line": 0, "column": [9, 0, 2]}
    assert charts["duration"] == {"line": 1, "column": [700, None, None]}
    assert set(charts) == {chart.key for chart in CHARTS}


def test_the_range_before_has_the_same_length_and_ends_where_this_one_begins():
    assert WITHIN.before == TimeRange(START - timedelta(minutes=3), START, 60)
