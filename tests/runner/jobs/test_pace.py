"""How many events of a function are under way: fewer when throttled, more as they get through."""

from uuid import UUID

from runner.jobs.pace import Pace

F, G = UUID(int=1), UUID(int=2)


def begin(pace, function, count):
    for _ in range(count):
        pace.started(function)


def test_a_function_that_has_its_most_under_way_gets_no_more():
    pace = Pace(most=3)
    begin(pace, F, 2)
    assert pace.slowed() == set()
    begin(pace, F, 1)
    assert (pace.slowed(), pace.rooms()) == ({F}, [])
    pace.ended(F, throttled=False)
    assert pace.slowed() == set()


def test_a_throttle_leaves_room_for_what_got_through():
    pace = Pace(most=100)
    begin(pace, F, 10)
    for _ in range(8):
        pace.ended(F, throttled=True)
    assert F in pace.slowed()
    assert pace.rooms() == []
    pace.ended(F, throttled=False)
    pace.ended(F, throttled=False)
    [(function, room)] = pace.rooms()
    assert function == F
    assert 1 <= room <= 5


def test_success_opens_it_up_again():
    pace = Pace(most=4)
    begin(pace, F, 1)
    pace.ended(F, throttled=True)
    for _ in range(4):
        begin(pace, F, 1)
        pace.ended(F, throttled=False)
    assert pace.slowed() == set()


def test_one_functions_throttle_does_not_slow_another():
    pace = Pace()
    begin(pace, F, 1)
    begin(pace, G, 1)
    pace.ended(F, throttled=True)
    assert pace.slowed() == {F}
    assert pace.rooms() == [(F, 1)]
