"""Addresses name a range; what cannot be read falls back to a span, never to an error."""

from datetime import UTC, datetime, timedelta

import pytest

from console.ranges import TimeRange, step_of

NOW = datetime(2026, 3, 15, 12, 0, 30, tzinfo=UTC)


def test_a_span_ends_with_the_running_step():
    found = TimeRange.read({"span": "1h"}, NOW)
    assert found.end == datetime(2026, 3, 15, 12, 1, tzinfo=UTC)
    assert found.query == "span=1h"
    assert found.words == "in the last hour"


def test_from_and_to_win_over_the_span_and_survive_an_address():
    found = TimeRange.read({"span": "1h", "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}, NOW)
    assert found.end - found.start == timedelta(days=1)
    assert found.key == ""
    pairs = dict(part.split("=") for part in found.query.split("&"))
    assert TimeRange.read(pairs, NOW) == found


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("", ""),
        ("yesterday", "today"),
        ("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2020-03-02T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-03-01T00:00:00Z", ""),
    ],
)
def test_an_unreadable_range_is_the_default(start, end):
    assert TimeRange.read({"from": start, "to": end}, NOW).key == "24h"


def test_an_offset_whose_plus_became_a_space_is_read():
    found = TimeRange.read({"from": "2026-03-01T01:00:00 01:00", "to": "2026-03-01T03:00:00+01:00"}, NOW)
    assert found.start == datetime(2026, 3, 1, 0, 0, tzinfo=UTC)


def test_steps_keep_charts_readable():
    assert step_of(timedelta(hours=1)) == 60
    assert step_of(timedelta(days=1)) == 300
    assert step_of(timedelta(days=365)) == 86400
