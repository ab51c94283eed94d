"""Counting of concurrency: reservations, the account's shared rest, and giving back."""

from runner.sandbox.leases import ACCOUNT, RESERVED, Leases


def test_a_reservation_is_a_limit():
    leases = Leases()
    assert [leases.take("f", "a", 2, 10) for _ in range(3)] == ["", "", RESERVED]
    leases.give_back("f", "a", 2)
    assert leases.take("f", "a", 2, 10) == ""
    assert leases.running("f") == 2


def test_a_reservation_of_zero_refuses_all():
    assert Leases().take("f", "a", 0, 10) == RESERVED


def test_others_share_what_is_not_reserved():
    leases = Leases()
    assert leases.take("kept", "a", 4, 10) == ""
    assert [leases.take("g", "a", None, 10) for _ in range(7)] == [""] * 6 + [ACCOUNT]
    assert leases.take("kept", "a", 4, 10) == ""
    assert leases.take("g", "another", None, 10) == ""


def test_a_reservation_that_was_lifted_no_longer_counts():
    leases = Leases()
    leases.take("f", "a", 9, 10)
    leases.give_back("f", "a", 9)
    assert leases.take("f", "a", None, 10) == ""
    assert [leases.take("g", "a", None, 10) for _ in range(10)] == [""] * 9 + [ACCOUNT]
    leases.give_back("g", "a", None)
    assert leases.take("f", "a", None, 10) == ""


def test_nothing_is_left_behind():
    leases = Leases()
    leases.take("f", "a", None, 1)
    leases.give_back("f", "a", None)
    assert leases.running("f") == 0
    assert leases.take("f", "a", None, 1) == ""
