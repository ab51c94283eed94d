"""What a look at a budget comes to, and amounts as people type them."""

import pytest

from functions.budget_policy import Finding, find, read_amount
from functions.errors import InvalidParameterValue


def look(spent, **more):
    known = {"amount": 100, "is_hard": False, "announced": 0, "is_stopped": False, "is_lifted": False}
    return find(spent=spent, **{**known, **more})


@pytest.mark.parametrize(
    ("spent", "announced", "told"),
    [
        (0, 0, 0),
        (49, 0, 0),
        (50, 0, 50),
        (79, 50, 0),
        (80, 50, 80),
        (99, 80, 0),
        (100, 80, 100),
        (500, 0, 100),
    ],
)
def test_shares_are_told_of_once(spent, announced, told):
    assert look(spent, announced=announced) == Finding(told, False)


@pytest.mark.parametrize(
    ("spent", "more", "stop"),
    [
        (99, {"is_hard": True}, False),
        (100, {"is_hard": True}, True),
        (100, {"is_hard": False}, False),
        (100, {"is_hard": True, "is_stopped": True}, False),
        (200, {"is_hard": True, "is_lifted": True}, False),
    ],
)
def test_only_a_hard_one_stops_and_once(spent, more, stop):
    assert look(spent, announced=100, **more).stop is stop


@pytest.mark.parametrize(
    ("typed", "pico"),
    [("5", 5 * 10**12), ("0.0001", 10**8), (" $1,000.50 ", 1_000_500_000_000_000), ("1000000", 10**18)],
)
def test_amounts_are_read(typed, pico):
    assert read_amount(typed) == pico


@pytest.mark.parametrize("typed", ["", "five", "0", "0.00009", "-5", "1000001", "NaN", "Infinity", "1e99"])
def test_other_amounts_are_refused(typed):
    with pytest.raises(InvalidParameterValue) as refused:
        read_amount(typed)
    assert refused.value.field == "amount"
