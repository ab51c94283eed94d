"""The prewarmed supply in the machine's memory: counted, bounded, and in nobody's way."""

import asyncio

from functions.states import EndReason
from runner.sandbox.spec import PoolKey
from tests.runner.gateway.boxes import ended, run, snapshot, until

__all__ = ["run"]

KIND = PoolKey("python3.13", "none")
OTHER = "01890000-0000-7000-8000-000000000002"


async def stocked(world, many=2):
    world.pool.keep({KIND})
    await until(lambda: world.pool.waiting == many)


def test_what_waits_counts_and_what_is_taken_counts_as_its_functions(run):
    async def body(world):
        await stocked(world)
        assert world.fleet.room.committed_mb == 40
        world.answer = lambda call: ended()
        await world.submit()
        assert world.fleet.room.committed_mb == 128 + 20 * world.pool.waiting

    run(body, prewarm=2)


def test_a_call_takes_the_prewarmed_ones_own_room(run):
    async def body(world):
        await stocked(world, 1)
        world.answer = lambda call: ended()
        assert (await world.submit()).refusal is None
        assert world.boxes[0].calls
        assert world.fleet.room.committed_mb == 128

    run(body, prewarm=1, room_mb=130)


def test_the_supply_gives_way_to_a_call_that_finds_no_room(run):
    async def body(world):
        world.pool.keep({KIND, PoolKey("nodejs22.x", "none")})
        await until(lambda: world.pool.waiting == 2)
        world.answer = lambda call: ended()
        assert (await world.submit()).refusal is None
        assert [box.reason for box in world.boxes].count(EndReason.EVICTED) == 1
        assert world.fleet.room.committed_mb == 128

    run(body, prewarm=1, room_mb=130)


def test_the_usual_supply_stays_while_others_will_make_room(run):
    async def body(world):
        world.pool.keep({KIND, PoolKey("nodejs22.x", "none")})
        await until(lambda: world.pool.waiting == 2)
        busy = world.submit()
        await until(lambda: any(box.calls for box in world.boxes))
        await until(lambda: world.pool.waiting == 2)
        waits = world.submit(snapshot(function_id=OTHER, revision="r2"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waits.done()
        assert world.pool.waiting == 2
        world.answer = lambda call: ended()
        next(box for box in world.boxes if box.calls).finish()
        assert (await busy).refusal is (await waits).refusal is None
        assert all(box.alive for box in world.boxes if not box.calls)

    run(body, prewarm=1, room_mb=270)


def test_idle_sandboxes_end_before_the_supply_does(run):
    async def body(world):
        world.answer = lambda call: ended()
        await world.submit()
        await stocked(world, 1)
        assert (await world.submit(snapshot(function_id=OTHER, revision="r2"))).refusal is None
        assert world.boxes[0].reason == EndReason.EVICTED
        assert world.boxes[1].calls

    run(body, prewarm=1, room_mb=200)


def test_one_that_nobody_has_called_for_long_ends_for_the_supply_and_a_fresh_one_does_not(run):
    async def body(world):
        world.answer = lambda call: ended()
        await world.submit()
        world.pool.keep({KIND})
        assert world.boxes[0].alive
        placement = world.fleet.by_id["box1"]
        placement.last_used -= 61
        world.pool.refill()
        await until(lambda: world.pool.waiting == 1)
        assert world.boxes[0].reason == EndReason.EVICTED

    run(body, prewarm=1, room_mb=128)


def test_what_demand_adds_is_a_share_of_the_budget(run):
    async def body(world):
        world.answer = lambda call: ended()
        await asyncio.gather(
            *(world.submit(snapshot(f"r{n}", function_id=OTHER[:-2] + f"{n:02}")) for n in range(8))
        )
        assert world.pool.supply()[0].wanted == 8
        world.pool.refill()
        await until(lambda: not world.pool._tasks)
        assert 0 < world.supply_room.taken_mb <= 130
        assert world.pool.waiting < 8

    run(body, prewarm=1, room_mb=1300)


def test_a_machine_short_of_memory_prewarms_nothing(run):
    async def body(world):
        world.pool.keep({KIND})
        assert not world.pool._tasks
        world.answer = lambda call: ended()
        assert (await world.submit()).refusal is None

    run(body, prewarm=2, machine=(24_000, 1_000))
