"""Deadlines without a timer per call: each expires once, in its own time, and one that was met never does."""

import asyncio
import time

from runner.sandbox.deadline import Deadline


class Clock:
    """A deadline with the moments at which it expired."""

    def __init__(self):
        self.expired = []
        self.deadline = Deadline(lambda: self.expired.append(time.monotonic()))

    def set(self, after_s):
        self.deadline.set(time.monotonic(), after_s)

    @property
    def is_waiting(self):
        return self.deadline._timer is not None


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)


def test_it_expires_once():
    async def scenario():
        clock = Clock()
        clock.set(0.01)
        await until(lambda: clock.expired)
        await asyncio.sleep(0.02)
        assert len(clock.expired) == 1
        assert not clock.is_waiting

    asyncio.run(scenario())


def test_one_that_was_met_does_not_expire_and_the_timer_ends():
    async def scenario():
        clock = Clock()
        clock.set(0.01)
        clock.deadline.met()
        await until(lambda: not clock.is_waiting)
        assert clock.expired == []

    asyncio.run(scenario())


def test_a_later_one_waits_on_and_is_not_cut_by_the_first_ones_timer():
    async def scenario():
        clock = Clock()
        clock.set(0.01)
        clock.deadline.met()
        began = time.monotonic()
        clock.set(0.05)
        await until(lambda: clock.expired)
        assert clock.expired[0] - began >= 0.049

    asyncio.run(scenario())


def test_a_sooner_one_does_not_wait_for_the_first_ones_timer():
    async def scenario():
        clock = Clock()
        clock.set(3600)
        clock.deadline.met()
        clock.set(0.01)
        await asyncio.wait_for(until(lambda: clock.expired), 5)

    asyncio.run(scenario())


def test_stopped_it_never_expires():
    async def scenario():
        clock = Clock()
        clock.set(0.005)
        clock.deadline.stop()
        await asyncio.sleep(0.02)
        assert clock.expired == []
        assert not clock.is_waiting

    asyncio.run(scenario())
