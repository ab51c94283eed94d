"""The supply of prewarmed sandboxes, with sandboxes that are plain objects."""

import asyncio

import pytest

from functions.states import EndReason
from runner.sandbox.driver import DriverError
from runner.sandbox.pool import Pool
from runner.sandbox.shelf import Stock
from runner.sandbox.spec import PoolKey
from runner.sandbox.supply import Demand, Policy

PYTHON = PoolKey("python3.13", "internet")
NODE = PoolKey("nodejs22", "internet")


class Box:
    def __init__(self, key):
        self.key = key
        self.alive = True
        self.ended = None
        self.removed = False

    def memory_now(self):
        return 9_500_000  # ten whole MB

    async def kill(self, reason):
        self.alive = False
        self.ended = self.ended or reason

    async def end(self, reason):
        await self.kill(reason)
        self.removed = True


class Maker:
    """Makes boxes when the test lets it; counts how many are in the making at once."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = self.most = 0
        self.made = []
        self.error = None

    async def __call__(self, key):
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.gate.wait()
            if self.error:
                raise self.error
        finally:
            self.running -= 1
        box = Box(key)
        self.made.append(box)
        return box


async def settle(condition):
    while not condition():
        await asyncio.sleep(0)


class Memory:
    """Keeps count; `limit` is in MB."""

    def __init__(self, limit=1000):
        self.limit, self.taken, self.asked = limit, 0, []

    def may_add(self, memory_mb, *, needed):
        self.asked.append((memory_mb, needed))
        return self.taken + memory_mb <= self.limit

    def take(self, memory_mb):
        self.taken += memory_mb

    def free(self, memory_mb):
        self.taken -= memory_mb


def run(body, policy=None, clock=None, memory=None):
    async def main():
        maker = Maker()
        pool = Pool(maker, policy or Policy(parallel=2), *([clock] if clock else []))
        pool.memory = memory or pool.memory
        try:
            await asyncio.wait_for(body(pool, maker), 20)
        finally:
            await pool.close()

    asyncio.run(main())


def test_kinds_in_use_are_kept_ready_and_refilled():
    async def body(pool, maker):
        maker.gate.clear()
        pool.keep({PYTHON, NODE})
        await settle(lambda: maker.running == 2)
        maker.gate.set()
        await settle(lambda: pool.waiting == 4)
        box = pool.take(PYTHON)
        assert box.key == PYTHON
        await settle(lambda: pool.waiting == 4)
        assert {one.key: (one.waiting, one.wanted) for one in pool.supply()} == {PYTHON: (2, 2), NODE: (2, 2)}
        assert maker.most == 2

    run(body)


def test_what_is_taken_is_replaced_once_its_call_has_had_a_moment():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 2 and not pool._tasks)
        pool.take(PYTHON)
        for _ in range(20):
            await asyncio.sleep(0)
        assert maker.running == 0
        assert len(maker.made) == 2
        await settle(lambda: pool.waiting == 2)
        pool.take(PYTHON)
        pool.take(PYTHON)
        await pool.acquire(PYTHON)  # nothing is left: at once

    run(body, Policy(refill_after_s=0.02))


def test_a_caller_waits_for_the_next_one_made():
    async def body(pool, maker):
        assert pool.take(PYTHON) is None
        assert (await pool.acquire(PYTHON)).key == PYTHON

    run(body, Policy(prewarm=0))


def test_callers_come_before_the_shelf():
    async def body(pool, maker):
        maker.gate.clear()
        pool.keep({NODE})
        caller = asyncio.create_task(pool.acquire(PYTHON))
        await settle(lambda: maker.running == 1)
        maker.gate.set()
        await caller
        assert [box.key for box in maker.made][:2] == [NODE, PYTHON]

    run(body, Policy(prewarm=5, parallel=1))


def test_a_dead_one_is_never_handed_out():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 2)
        maker.made[0].alive = False
        assert pool.take(PYTHON) is maker.made[1]
        await settle(lambda: pool.waiting == 2)
        lost = maker.made[2]
        lost.alive = False
        pool.lost(lost)
        await settle(lambda: len(maker.made) == 5)
        assert lost not in [pool.take(PYTHON), pool.take(PYTHON)]

    run(body)


def test_an_engine_that_is_down_is_said_and_tried_again():
    async def body(pool, maker):
        maker.error = DriverError("the engine does not answer")
        with pytest.raises(DriverError, match="does not answer"):
            await pool.acquire(PYTHON)
        assert pool.trouble == "the engine does not answer"
        maker.error = None
        assert (await pool.acquire(PYTHON)).alive
        assert pool.trouble == ""
        await settle(lambda: pool.waiting == 2)

    run(body, Policy(retry_s=0))


def test_one_kind_that_cannot_be_made_is_not_the_engines_trouble():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 2)
        maker.error = DriverError("no such image")
        with pytest.raises(DriverError):
            await pool.acquire(NODE)
        assert pool.trouble == ""

    run(body, Policy(retry_s=60))


def test_waking_forgets_troubles_and_tries_at_once():
    async def body(pool, maker):
        maker.error = DriverError("the engine does not answer")
        pool.keep({PYTHON})
        await settle(lambda: pool.trouble)
        maker.error = None
        pool.wake()
        assert pool.trouble == ""
        await settle(lambda: pool.waiting == 2)

    run(body, Policy(retry_s=60))


def test_the_pause_grows_to_a_limit():
    policy = Policy(retry_s=1, slowest_retry_s=15)
    assert [policy.pause(n) for n in (0, 1, 2, 3, 10, 2000)] == [0, 1, 2, 4, 15, 15]


def test_kinds_out_of_use_are_dropped_and_permanent_ones_stay():
    async def body(pool, maker):
        pool.keep({NODE})
        await pool.acquire(PYTHON)
        await settle(lambda: pool.waiting == 4)
        now[0] = 100
        pool.trim()
        assert pool.supply() == [Stock(NODE, 2, 2, 20)]
        await settle(lambda: sum(box.removed for box in maker.made) == 2)
        assert [box.ended for box in maker.made if box.ended] == [EndReason.IDLE] * 2

    now = [0]
    run(body, Policy(keep_s=50), clock=lambda: now[0])


def test_what_gives_way_ends_the_kind_first_of_which_most_wait():
    async def body(pool, maker):
        pool.keep({PYTHON, NODE})
        await settle(lambda: pool.waiting == 4)
        pool.take(NODE)
        pool.memory.limit = 0
        assert pool.give_way(15, NODE) == 0  # none is more than the usual number
        assert pool.give_way(15, NODE, entirely=True) == 20
        assert pool.leaving_mb == 20
        assert {one.key: one.waiting for one in pool.supply()} == {PYTHON: 0, NODE: 1}
        assert pool.give_way(1, NODE, entirely=True) == 0
        await settle(lambda: pool.leaving_mb == 0)
        assert pool.memory.taken == pool.waiting * 10

    run(body, Policy(refill_after_s=60), memory=Memory())


def test_what_demand_has_added_gives_way_first():
    async def body(pool, maker):
        pool.keep({PYTHON})
        for _ in range(4):
            await pool.acquire(PYTHON)
        await settle(lambda: pool.waiting == 4)
        assert pool.give_way(30, NODE) == 0
        assert pool.give_way(20, NODE) == 20
        assert pool.waiting == 2

    run(body, Policy(refill_after_s=0))


def test_nobody_gives_way_in_vain():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 2)
        assert pool.give_way(21, NODE, entirely=True) == 0
        assert pool.waiting == 2

    run(body)


def test_the_supply_takes_memory_while_it_waits_and_only_then():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 1)
        assert pool.memory.taken == pool.stock_mb(PYTHON) == 10
        assert pool.stock_mb(NODE) == pool.wait_s(PYTHON) == 0
        pool.take(PYTHON)
        assert pool.memory.taken == pool.stock_mb(PYTHON) == 0
        pool.memory.limit = 0
        await pool.acquire(PYTHON)  # made for the caller: it never waited
        assert pool.memory.taken == 0

    run(body, Policy(prewarm=1, refill_after_s=60), memory=Memory())


def test_without_memory_callers_are_served_and_the_shelf_is_not():
    async def body(pool, maker):
        pool.keep({PYTHON})
        assert (await pool.acquire(PYTHON)).alive
        pool.refill()
        assert pool.waiting == maker.running == 0
        assert pool.memory.asked[-1] == (10, True)
        pool.memory.limit = 30
        pool.refill()
        await settle(lambda: pool.waiting == 2 and not pool._tasks)
        assert pool.memory.taken == 20

    run(body, memory=Memory(limit=0))


def test_what_demand_asks_for_beyond_the_usual_is_no_need():
    async def body(pool, maker):
        pool.keep({PYTHON})
        for _ in range(4):
            await pool.acquire(PYTHON)
        pool.memory.asked.clear()
        await settle(lambda: pool.waiting == 4)
        assert [needed for _, needed in pool.memory.asked][-2:] == [False, False]

    run(body, Policy(parallel=1, refill_after_s=0), memory=Memory())


def test_the_supply_follows_demand_up_to_the_most_and_forgets_it():
    async def body(pool, maker):
        pool.keep({PYTHON})
        for _ in range(7):
            await pool.acquire(PYTHON)
        await settle(lambda: pool.waiting == 5)
        assert pool.supply()[0].wanted == 5
        now[0] += 3600
        pool.trim()
        assert pool.supply()[0].wanted == pool.waiting == 2

    now = [0.0]
    run(body, Policy(prewarm=2, most=5, refill_after_s=0), clock=lambda: now[0])


def test_how_long_one_is_waited_for_is_what_the_last_took_for_all_who_wait_before():
    async def body(pool, maker):
        assert pool.wait_s(PYTHON) == 0
        maker.gate.clear()
        callers = [asyncio.create_task(pool.acquire(PYTHON)) for _ in range(4)]
        await settle(lambda: maker.running == 2)
        assert pool.wait_s(PYTHON) == pytest.approx(3 * 0.15)
        now[0] += 10
        maker.gate.set()
        await asyncio.gather(*callers)
        assert pool.wait_s(PYTHON) > 1

    now = [0.0]
    run(body, Policy(prewarm=0, parallel=2), clock=lambda: now[0])


def test_one_that_dies_while_it_waits_is_removed():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 2)
        pool.lost(maker.made[0])
        await settle(lambda: maker.made[0].removed)
        maker.made[1].alive = False
        pool.take(PYTHON)
        await settle(lambda: maker.made[1].removed)

    run(body)


def test_demand_is_the_most_within_a_span():
    demand = Demand(within_s=10, remember_s=100)
    assert demand.peak(0) == 0
    for second in (0, 1, 2, 15, 16):
        demand.note(second)
    assert demand.peak(16) == 3
    assert demand.peak(101) == 3
    assert demand.peak(103) == 2
    assert demand.peak(117) == 0


def test_a_caller_that_gave_up_leaves_its_sandbox_to_others():
    async def body(pool, maker):
        maker.gate.clear()
        caller = asyncio.create_task(pool.acquire(PYTHON))
        await settle(lambda: maker.running == 1)
        caller.cancel()
        maker.gate.set()
        await settle(lambda: pool.waiting == 1)

    run(body, Policy(prewarm=0))


def test_closing_ends_all_and_refuses_callers():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 2)
        maker.gate.clear()
        caller = asyncio.create_task(pool.acquire(NODE))
        await settle(lambda: maker.running == 2)
        await pool.close()
        with pytest.raises(DriverError, match="stopping"):
            await caller
        assert [box.ended for box in maker.made] == [EndReason.SHUTDOWN] * 2

    run(body)
