"""Weighted choice of a version: shares come out as set, and never falls through."""

import pytest

from functions.routing import choose
from functions.snapshots import Route


@pytest.mark.parametrize("draw, chosen", [(0.0, "a"), (0.899, "a"), (0.9, "b"), (0.999999, "b"), (1.0, "b")])
def test_the_share_decides(draw, chosen):
    assert choose(Route("live", "live", (("a", 0.9), ("b", 0.1))), draw) == chosen


def test_a_single_choice_and_a_weight_of_nothing():
    assert choose(Route("", "", (("a", 1.0),)), 0.999) == "a"
    assert choose(Route("x", "x", (("a", 0.0), ("b", 1.0))), 0.0) == "b"
