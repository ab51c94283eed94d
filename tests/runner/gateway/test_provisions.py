"""Provisioned sandboxes: started before anybody calls, kept from eviction and idling, started again, let go."""

import asyncio

import pytest

from functions.errors import ResourceNotFound
from functions.snapshots import Provision, Route
from functions.states import EndReason, Outcome
from runner.gateway.fleet import Rules
from runner.gateway.provisions import Provisions
from runner.sandbox.spec import Bound
from tests.runner.gateway.boxes import FUNCTION, World, ended, snapshot, until


class Asked:
    """The catalog: what is asked for, and one route for each qualifier."""

    def __init__(self):
        self.generation = 0
        self.reads = 0
        self.asked = [Provision(FUNCTION, "live", 2)]
        self.routes = {"live": Route("live", "live", ((snapshot(version="3"), 1.0),))}

    async def provisions(self):
        self.reads += 1
        return self.asked

    def route_by_id(self, function_id, qualifier, then):
        then(self.routes.get(qualifier) or ResourceNotFound("gone"))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr("runner.gateway.provisions.ROUND_S", 0.001)

    def runner(body, **world):
        async def main():
            one = World(tmp_path, **{"answer": lambda call: ended(), **world})
            one.catalog = Asked()
            keeper = asyncio.create_task(Provisions(one.catalog, one.fleet).run())
            try:
                await asyncio.wait_for(body(one), 20)
            finally:
                keeper.cancel()
                await one.close()

        asyncio.run(main())

    return runner


def ready(world, count=2):
    return until(lambda: len(alive(world)) == count and len(world.fleet.lanes.placements()) == count)


def alive(world):
    return [box for box in world.boxes if box.alive]


def test_they_are_there_before_anybody_calls(run):
    async def body(world):
        await ready(world)
        finished = await world.submit(snapshot(version="3"))
        assert (finished.record.cold, finished.record.init_us, len(world.boxes)) == (False, 0, 2)
        assert world.catalog.reads == 1

    run(body)


def test_they_are_not_ended_for_idling_nor_for_others_and_the_rest_is(run):
    async def body(world):
        await ready(world)
        calls = [world.submit(snapshot(version="3")) for _ in range(3)]
        await asyncio.gather(*calls)
        await until(
            lambda: [(lane.provisioned, lane.starting) for lane in world.fleet.lanes.all()] == [(2, 0)]
        )
        world.fleet.sweep()
        await ready(world)
        refused = (await world.submit(snapshot("other", memory_mb=300))).refusal
        assert refused is not None
        assert len(alive(world)) == 2

    run(body, rules=Rules(warm_s=-1, patience_s=0.05), room_mb=400)


def test_one_that_ends_is_started_again(run):
    async def body(world):
        await ready(world)
        for placement in world.fleet.lanes.placements():
            world.fleet.end(placement, EndReason.CRASH)
        await until(lambda: len(world.boxes) == 4)
        await ready(world)

    run(body)


def test_a_new_version_gets_its_own_and_the_old_lets_go(run):
    async def body(world):
        await ready(world)
        world.catalog.routes["live"] = Route("live", "live", ((snapshot("r2", "4"), 1.0),))
        world.catalog.generation += 1
        await ready(world, 4)
        assert (await world.submit(snapshot("r2", "4"))).record.cold is False
        world.fleet.sweep()
        await ready(world)
        world.catalog.asked = []
        world.catalog.generation += 1
        await until(lambda: world.catalog.reads == 3)
        await until(lambda: not any(lane.provisioned for lane in world.fleet.lanes.all()))
        world.fleet.sweep()
        await until(lambda: not alive(world))

    run(body, rules=Rules(warm_s=-1))


def test_a_function_that_does_not_start_is_tried_less_and_less_often(run):
    async def body(world):
        world.bound = Bound(Outcome.FUNCTION_ERROR, 10)
        await until(lambda: len(world.boxes) >= 2)
        started = len(world.boxes)
        await asyncio.sleep(0.3)
        assert len(world.boxes) - started < 40
        world.bound = Bound(Outcome.SUCCESS, 10)
        await ready(world)

    run(body)


def test_what_has_no_version_any_more_is_left_out(run):
    async def body(world):
        world.catalog.asked = [Provision(FUNCTION, "gone", 1), Provision(FUNCTION, "live", 2)]
        await ready(world)

    run(body)
