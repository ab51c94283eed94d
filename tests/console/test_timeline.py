"""The timeline bar adds up, leaves out what did not happen, and keeps the short parts visible."""

import pytest

from console.timeline import segments


def test_a_warm_call_is_queued_then_handler():
    parts = segments(accepted_us=0, started_us=300, duration_us=700, init_us=0, cold=False)
    assert [(part.key, part.duration_us) for part in parts] == [("queued", 300), ("handler", 700)]
    assert parts[0].start == 0
    assert parts[1].share == pytest.approx(0.7)


def test_a_cold_call_shows_sandbox_and_init():
    parts = segments(accepted_us=0, started_us=900, duration_us=100, init_us=400, cold=True)
    assert [(part.key, part.duration_us) for part in parts] == [
        ("sandbox", 500),
        ("init", 400),
        ("handler", 100),
    ]


def test_shares_add_up_and_the_smallest_stays_visible():
    parts = segments(accepted_us=0, started_us=1, duration_us=10_000_000, init_us=0, cold=False)
    assert sum(part.share for part in parts) == pytest.approx(1)
    assert parts[0].share > 0.01


def test_init_never_exceeds_what_lies_before_the_handler():
    parts = segments(accepted_us=100, started_us=150, duration_us=10, init_us=500, cold=True)
    assert [(part.key, part.duration_us) for part in parts] == [("init", 50), ("handler", 10)]


def test_a_call_that_never_ran_has_no_parts():
    assert segments(accepted_us=5, started_us=5, duration_us=0, init_us=0, cold=False) == []
