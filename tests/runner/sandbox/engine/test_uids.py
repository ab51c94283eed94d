"""Each sandbox has its own user."""

import pytest

from runner.sandbox.driver import DriverError
from runner.sandbox.engine.uids import Uids


def test_they_start_at_60000_and_differ() -> None:
    uids = Uids()
    assert [uids.take() for _ in range(3)] == [60_000, 60_001, 60_002]


def test_one_is_reused_as_late_as_possible() -> None:
    uids = Uids(first=7, count=3)
    first = uids.take()
    uids.give_back(first)
    assert [uids.take(), uids.take(), uids.take()] == [8, 9, 7]


def test_when_all_are_in_use_it_says_so_and_one_given_back_helps() -> None:
    uids = Uids(first=7, count=1)
    uid = uids.take()
    with pytest.raises(DriverError, match="in use"):
        uids.take()
    uids.give_back(uid)
    assert uids.take() == uid


def test_who_is_not_root_has_only_himself() -> None:
    uids = Uids(own=1000)
    assert [uids.take(), uids.take()] == [1000, 1000]
