"""Series line up with the axis; what is unknown is a gap, what did not happen is zero."""

from datetime import UTC, datetime

from console import charts


def test_windows_lie_on_whole_steps_and_include_the_running_one():
    now = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
    start, end = charts.window(charts.span_named("1h"), now)
    assert end == datetime(2026, 1, 1, 12, 1, tzinfo=UTC)
    assert len(charts.axis(start, end, 60)) == 60


def test_an_unknown_span_is_a_day():
    assert charts.span_named("nonsense").key == "24h"


def test_every_span_keeps_the_number_of_points_readable():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for span in charts.SPANS:
        assert 60 <= len(charts.axis(*charts.window(span, now), span.step_s)) <= 300


def test_missing_counts_are_zero_and_missing_durations_are_gaps():
    lines = (charts.Line("invocations", "Calls"), charts.Line("p95_us", "p95", unit="us"))
    rows = {60: {"invocations": 4, "p95_us": 1200}}
    assert charts.columns([0, 60], rows, lines) == [[0, 4], [None, 1200]]
