"""Sandboxes of images that were made anew: those that wait are replaced, those that work end after their call, and no
call is lost meanwhile."""

import asyncio

from functions.states import EndReason, Outcome
from runner.gateway.renewal import Renewal
from runner.sandbox.driver import DriverError
from tests.runner.gateway.boxes import ended, run, until

__all__ = ["run"]


def ids(boxes):
    return frozenset(box.id for box in boxes)


def test_half_of_a_revisions_go_at_a_time_the_idle_first(run):
    async def body(world):
        calls = [world.submit() for _ in range(4)]
        await until(lambda: sum(bool(box.calls) for box in world.boxes) == 4)
        for box in world.boxes[:2]:
            box.finish()
        await asyncio.gather(*calls[:2])
        old, renewal = ids(world.boxes), Renewal(frozenset, world.fleet, world.pool)
        renewal.renew(old)
        await until(lambda: [box.reason for box in world.boxes] == [EndReason.DRAINED] * 2 + [None] * 2)
        assert all(box.alive for box in world.boxes[2:])
        renewal.renew(old)
        renewal.renew(old)
        assert all(box.alive for box in world.boxes[2:])  # their calls still run
        for box in world.boxes[2:]:
            box.finish()
        finished = await asyncio.gather(*calls)
        assert {one.record.outcome for one in finished} == {Outcome.SUCCESS}
        await until(lambda: not any(box.alive for box in world.boxes))

    run(body)


def test_those_that_wait_are_replaced(run):
    async def body(world):
        await world.submit()
        await until(lambda: world.pool.waiting == 2)
        old = ids(box for box in world.boxes if not box.calls)
        Renewal(frozenset, world.fleet, world.pool).renew(old)
        assert world.pool.waiting == 0
        await until(lambda: world.pool.waiting == 2)
        assert not {box.id for box in world.boxes if box.alive} & old

    run(body, prewarm=2, answer=lambda call: ended())


def test_no_call_fails_while_all_move_over(run):
    async def body(world):
        async def caller():
            found = []
            for _ in range(60):
                found.append((await world.submit()).record.outcome)
                await asyncio.sleep(0)
            return found

        calls = [asyncio.create_task(caller()) for _ in range(4)]
        await until(lambda: len(world.boxes) >= 4)
        old = ids(world.boxes)
        renewal = Renewal(frozenset, world.fleet, world.pool)
        while any(box.alive for box in world.boxes if box.id in old):
            renewal.renew(old)
            await asyncio.sleep(0)
        counted = [outcome for found in await asyncio.gather(*calls) for outcome in found]
        assert counted == [Outcome.SUCCESS] * 240

    run(body, answer=lambda call: ended())


def test_an_engine_that_is_away_is_asked_again(run, monkeypatch):
    monkeypatch.setattr("runner.gateway.renewal.ROUND_S", 0.001)
    asked = []

    def outdated():
        asked.append(1)
        raise DriverError("away")

    async def body(world):
        task = asyncio.create_task(Renewal(outdated, world.fleet, world.pool).run())
        await until(lambda: len(asked) > 2)
        assert not task.done()
        task.cancel()

    run(body)
