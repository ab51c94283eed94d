"""The supply of prewarmed sandboxes, with sandboxes that are plain objects."""

import asyncio

import pytest

from functions.states import EndReason
from runner.sandbox.driver import DriverError
from runner.sandbox.pool import Policy, Pool
from runner.sandbox.spec import PoolKey

PYTHON = PoolKey("python3.13", "internet")
NODE = PoolKey("nodejs22", "internet")


class Box:
    def __init__(self, key):
        self.key = key
        self.alive = True
        self.ended = None

    async def end(self, reason):
        self.alive = False
        self.ended = reason


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


def run(body, policy=None, clock=None):
    async def main():
        maker = Maker()
        pool = Pool(maker, policy or Policy(), *([clock] if clock else []))
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
        assert sorted(pool.supply(), key=str) == sorted([(PYTHON, 2, 2), (NODE, 2, 2)], key=str)
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
        await pool.trim()
        assert pool.supply() == [(NODE, 2, 2)]
        assert [box.ended for box in maker.made if box.ended] == [EndReason.IDLE] * 2

    now = [0]
    run(body, Policy(keep_s=50), clock=lambda: now[0])


def test_memory_pressure_takes_the_supply():
    async def body(pool, maker):
        pool.keep({PYTHON})
        await settle(lambda: pool.waiting == 2)
        await pool.trim(most=0)
        assert [box.ended for box in maker.made[:2]] == [EndReason.EVICTED] * 2

    run(body)


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
