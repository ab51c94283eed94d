"""What becomes of sandboxes while calls come and go: drained, kept, replaced, warmed, ended at a stop."""

import asyncio

from functions.states import EndReason, Outcome
from runner.gateway.fleet import Rules
from tests.runner.gateway.boxes import FUNCTION, answered, run, snapshot, until

__all__ = ["run"]


def test_old_revisions_drain_and_no_call_fails(run):
    async def body(world):
        busy = world.submit(snapshot("old"))
        await until(lambda: world.boxes and world.boxes[0].calls)
        world.fleet.retain(FUNCTION, {("new", "1", "")})
        assert world.boxes[0].alive
        world.boxes[0].finish()
        assert (await busy).refusal is None
        await until(lambda: world.boxes[0].reason)
        assert world.boxes[0].reason == EndReason.DRAINED
        late = world.submit(snapshot("old"))
        await until(lambda: len(world.boxes) == 2 and world.boxes[1].calls)
        world.boxes[1].finish()
        assert (await late).refusal is None

    run(body)


def test_idle_sandboxes_of_an_old_revision_end_and_live_ones_stay(run):
    async def body(world):
        await world.submit(snapshot("old"))
        await world.submit(snapshot("new"))
        world.fleet.retain(FUNCTION, {("new", "1", "")})
        await until(lambda: world.boxes[0].reason)
        assert world.boxes[0].reason == EndReason.DRAINED
        assert world.boxes[1].alive

    run(body, answer=answered)


def test_a_sandbox_with_an_old_secret_takes_no_new_call(run):
    async def body(world):
        await world.submit(snapshot("r1", secrets="s.1"))
        await world.submit(snapshot("r1", secrets="s.2"))
        assert len(world.boxes) == 2
        world.fleet.retain(FUNCTION, {("r1", "1", "s.2")})
        await until(lambda: world.boxes[0].reason)
        assert world.boxes[0].reason == EndReason.DRAINED
        assert world.boxes[1].alive

    run(body, answer=answered)


def test_time_to_live(run):
    async def body(world):
        await world.submit()
        world.fleet.sweep()
        await until(lambda: world.boxes[0].reason)
        assert world.boxes[0].reason == EndReason.IDLE

    run(body, answer=answered, rules=Rules(warm_s=-1))


def test_a_sandbox_that_died_while_idle_is_replaced(run):
    async def body(world):
        await world.submit()
        world.boxes[0].alive = False
        world.boxes[0].on_lost(EndReason.CRASH)
        assert (await world.submit()).record.sandbox_id == "box2"
        assert world.fleet.ends.recent()[0].reason == EndReason.CRASH

    run(body, answer=answered)


def test_warming_for_a_deploy_makes_the_first_call_warm(run):
    async def body(world):
        bound = await world.fleet.warm(snapshot("next"))
        assert bound.outcome is Outcome.SUCCESS
        world.fleet.retain(FUNCTION, {("r1", "1", "")})  # announced before the new revision is live
        first = await world.submit(snapshot("next"))
        assert (first.record.cold, first.record.init_us) == (False, 0)
        assert len(world.boxes) == 1

    run(body, answer=answered)


def test_warming_waits_for_room(run):
    async def body(world):
        await world.submit(snapshot("idle"))
        assert (await world.fleet.warm(snapshot("next"))).outcome is Outcome.SUCCESS
        assert world.boxes[0].reason == EndReason.EVICTED

    run(body, answer=answered, room_mb=128)


def test_stopping_lets_calls_end_and_says_so_to_the_rest(run):
    async def body(world):
        running = world.submit()
        await until(lambda: world.boxes and world.boxes[0].calls)
        stopping = asyncio.create_task(world.dispatcher.stop(10))
        await asyncio.sleep(0)
        assert "stopping" in (await world.submit()).refusal.message
        world.boxes[0].finish()
        assert (await running).refusal is None
        await stopping
        assert world.boxes[0].reason == EndReason.SHUTDOWN

    run(body)


def test_a_call_that_outlasts_the_stop_is_written_down(run):
    async def body(world):
        running = world.submit()
        await until(lambda: world.boxes and world.boxes[0].calls)
        await world.dispatcher.stop(0)
        world.journal.flush()
        assert (await running).record.outcome is Outcome.PLATFORM

    run(body)


def test_ending_a_busy_sandbox_waits_for_its_call(run):
    async def body(world):
        running = world.submit()
        await until(lambda: world.boxes and world.boxes[0].calls)
        world.fleet.end(world.fleet.find("box1"), EndReason.EVICTED)
        assert world.boxes[0].alive
        world.boxes[0].finish()
        await running
        await until(lambda: world.boxes[0].reason)
        assert world.boxes[0].reason == EndReason.EVICTED

    run(body)
