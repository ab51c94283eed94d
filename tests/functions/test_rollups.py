"""Sums of records: what counts as what, and sketches that merge."""

from datetime import UTC, date, datetime

import pytest
from ddsketch import DDSketch
from ddsketch.pb.proto import DDSketchProto
from hypothesis import given
from hypothesis import strategies as st

from functions.quantiles import quantiles_of
from functions.records import InvocationRecord
from functions.rollups import (
    DAY_S,
    DAY_US,
    HOUR_S,
    MINUTE_S,
    DayKey,
    MinuteKey,
    MonthKey,
    Sketch,
    SpanKey,
    day_of,
    days,
    minute_start,
    minutes,
    months,
    spans,
)
from functions.states import Outcome, TriggerKind

NOON_US = int(datetime(2026, 3, 15, 12, 0, tzinfo=UTC).timestamp()) * 1_000_000


def record(**fields):
    values = {
        "request_id": "r",
        "project_id": "p",
        "function_id": "f",
        "function_name": "hello",
        "version": "1",
        "alias": "live",
        "trigger": TriggerKind.API,
        "accepted_us": NOON_US,
        "started_us": NOON_US + 1_000,
        "duration_us": 20_000,
        "billed_ms": 20,
        "memory_mb": 128,
        "memory_used": 30_000_000,
        "cost_pico": 241_667,
        "price_id": "list",
        "concurrency": 2,
    }
    return InvocationRecord(**{**values, **fields})


def only(found):
    assert len(found) == 1
    return next(iter(found.values()))


def test_what_ran_is_counted_with_its_sums_and_peaks():
    sums = only(
        minutes(
            [
                record(),
                record(outcome=Outcome.FUNCTION_ERROR, duration_us=40_000, memory_used=1, concurrency=7),
                record(cold=True, init_us=90_000, billed_ms=110),
            ]
        )
    )
    assert (sums.invocations, sums.errors, sums.cold_starts) == (3, 1, 1)
    assert (sums.duration_us, sums.duration_max_us, sums.init_us) == (80_000, 40_000, 90_000)
    assert (sums.billed_ms, sums.cost_pico) == (150, 3 * 241_667)
    assert (sums.memory_max, sums.concurrency_max) == (30_000_000, 7)


@pytest.mark.parametrize(
    ("outcome", "throttles", "failures"), [(Outcome.THROTTLED, 1, 0), (Outcome.PLATFORM, 0, 1)]
)
def test_what_did_not_run_is_neither_an_invocation_nor_charged(outcome, throttles, failures):
    refused = record(outcome=outcome, started_us=0)
    sums = only(minutes([refused]))
    assert (sums.throttles, sums.platform_failures) == (throttles, failures)
    assert (sums.invocations, sums.errors, sums.sketch.bins) == (0, 0, {})
    assert days([refused]) == {}


def test_each_function_minute_version_alias_and_trigger_has_a_row():
    found = minutes(
        [
            record(),
            record(function_id="g"),
            record(started_us=NOON_US + 60_000_000),
            record(version="2"),
            record(alias=""),
            record(trigger=TriggerKind.SCHEDULE),
        ]
    )
    assert [sums.invocations for sums in found.values()] == [1] * 6
    key = MinuteKey("f", NOON_US // 60_000_000, "1", "live", "api")
    assert key in found
    assert minute_start(key) == datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def test_the_age_of_events_is_the_longest_wait():
    sums = only(minutes([record(event_id="e"), record(event_id="e", started_us=NOON_US + 5_000_000)]))
    assert sums.event_age_us == 5_000_000
    assert only(minutes([record()])).event_age_us == 0


def test_days_add_up_memory_times_time_exactly():
    found = days([record(), record(memory_mb=1024, billed_ms=3), record(started_us=NOON_US + DAY_US)])
    today = DayKey("f", NOON_US // DAY_US, "list")
    assert day_of(today) == date(2026, 3, 15)
    assert (found[today].requests, found[today].mb_ms) == (2, 128 * 20 + 1024 * 3)
    assert found[today].cost_pico == 2 * 241_667
    assert len(found) == 2


def test_minutes_add_up_to_hours_days_and_the_whole_project():
    noon = NOON_US // 1_000_000
    found = spans(
        minutes(
            [
                record(duration_us=10_000, concurrency=3),
                record(started_us=NOON_US + 60_000_000, duration_us=30_000, outcome=Outcome.TIMEOUT),
                record(version="2"),
                record(function_id="g", started_us=NOON_US + 3_600_000_000),
            ]
        )
    )
    hour = found[SpanKey("f", HOUR_S, noon, "1", "live", "api")]
    assert (hour.invocations, hour.errors, hour.duration_us, hour.concurrency_max) == (2, 1, 40_000, 3)
    assert sum(hour.sketch.bins.values()) == 2
    assert found[SpanKey("f", HOUR_S, noon, "2", "live", "api")].invocations == 1
    day = found[SpanKey("f", DAY_S, noon - 12 * HOUR_S)]
    assert (day.invocations, day.mb_ms) == (3, 3 * 128 * 20)
    assert [found[SpanKey("p", MINUTE_S, noon + late)].invocations for late in (0, 60, HOUR_S)] == [2, 1, 1]
    assert [found[SpanKey("p", HOUR_S, noon + late)].invocations for late in (0, HOUR_S)] == [3, 1]
    assert found[SpanKey("p", DAY_S, noon - 12 * HOUR_S)].invocations == 4


def test_months_count_what_lists_are_ranked_by():
    found = months(
        [
            record(),
            record(outcome=Outcome.FUNCTION_ERROR, cold=True, started_us=NOON_US + DAY_US),
            record(outcome=Outcome.THROTTLED, started_us=0),
            record(started_us=NOON_US + 20 * DAY_US),
        ]
    )
    march = found[MonthKey("f", date(2026, 3, 1), "list")]
    assert (march.requests, march.errors, march.cold_starts, march.throttles) == (2, 1, 1, 1)
    assert (march.cost_pico, march.last_us) == (2 * 241_667, NOON_US + DAY_US)
    assert found[MonthKey("f", date(2026, 4, 1), "list")].requests == 1


@given(
    st.lists(st.floats(0, 900_000), max_size=60),
    st.lists(st.floats(0, 900_000), min_size=1, max_size=60),
)
def test_a_merged_sketch_tells_the_same_as_the_library(first, second):
    theirs = DDSketch(relative_accuracy=0.01)
    stored = b""
    for values in (first, second):
        sketch = Sketch()
        for value in values:
            sketch.add(value)
            theirs.add(value)
        stored = sketch.merged_with(stored)
    wanted = [0.0, 0.5, 0.95, 1.0]
    assert quantiles_of([stored], wanted) == pytest.approx([theirs.get_quantile_value(q) for q in wanted])


def test_a_sketch_adds_to_one_that_the_library_wrote():
    theirs = DDSketch(relative_accuracy=0.01)
    theirs.add(100.0)
    sketch = Sketch()
    sketch.add(100.0)
    merged = sketch.merged_with(DDSketchProto.to_proto(theirs).SerializeToString())
    assert quantiles_of([merged], [0.0, 1.0]) == pytest.approx([100.0, 100.0], rel=0.01)


def test_a_start_that_fails_is_a_call_without_a_duration():
    fault = record(outcome=Outcome.INIT_FAILURE, duration_us=0)
    failed = only(minutes([fault]))
    assert (failed.invocations, failed.errors) == (1, 1)
    assert quantiles_of([failed.sketch.merged_with(b"")], (0.95,)) == [None]
    both = only(minutes([fault, record(duration_us=20_000)]))
    assert quantiles_of([both.sketch.merged_with(b"")], (0.5,))[0] == pytest.approx(20, rel=0.02)
