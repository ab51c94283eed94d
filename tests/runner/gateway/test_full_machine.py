"""A machine whose memory is all in use: deploys get through, calls that wait keep their order and their patience."""

import asyncio

from functions.states import EndReason, Outcome
from runner.gateway.fleet import Rules
from runner.sandbox.driver import DriverError
from tests.runner.gateway.boxes import ended, run, snapshot, until

__all__ = ["run"]

ENOUGH = 3


async def fill(world, many=2):
    """So many busy sandboxes of the old revision, and twice as many calls that wait for them."""
    calls = [world.submit(snapshot("old")) for _ in range(many)]
    await until(lambda: len(world.boxes) == many and all(box.calls for box in world.boxes))
    return calls + [world.submit(snapshot("old")) for _ in range(2 * many)]


def test_a_deploy_takes_the_place_of_one_of_the_functions_own_busy_sandboxes(run):
    async def body(world):
        calls = await fill(world)
        warming = asyncio.ensure_future(world.fleet.warm(snapshot("next")))
        await asyncio.sleep(0)
        assert all(box.alive for box in world.boxes)
        drained = world.boxes[0] if world.fleet.by_id["box1"].ending else world.boxes[1]
        drained.finish()
        assert (await warming).outcome is Outcome.SUCCESS
        assert drained.reason == EndReason.DRAINED
        world.answer = lambda call: ended()
        next(box for box in world.boxes[:2] if box is not drained).finish()
        assert all([(await call).refusal is None for call in calls])

    run(body, room_mb=256)


def test_a_deploy_on_a_machine_that_others_fill_is_told_so_in_time(run):
    async def body(world):
        calls = await fill(world, 1)
        other = snapshot("next", function_id="01890000-0000-7000-8000-000000000002")
        try:
            await world.fleet.warm(other)
        except Exception as error:
            assert "no room" in str(error)
        else:
            raise AssertionError("there was room")
        assert world.fleet.by_id["box1"].ending is None
        world.answer = lambda call: ended()
        world.boxes[0].finish()
        await calls[0]
        assert (await world.fleet.warm(other)).outcome is Outcome.SUCCESS

    run(body, room_mb=128, rules=Rules(patience_s=0.05))


def test_each_call_waits_as_long_as_the_rules_say(run):
    async def body(world):
        loop = asyncio.get_running_loop()
        first = world.submit(snapshot("busy"))
        await until(lambda: world.boxes and world.boxes[0].calls)
        began = loop.time()
        early = world.submit(snapshot("waits"))
        await asyncio.sleep(0.03)
        late = world.submit(snapshot("waits"))
        assert "no room" in (await early).refusal.message
        assert not late.done()
        assert "no room" in (await late).refusal.message
        assert loop.time() - began >= 0.08 - 0.002
        world.boxes[0].finish()
        await first

    run(body, room_mb=128, rules=Rules(patience_s=0.05))


def test_a_start_that_takes_too_long_is_not_called_want_of_room(run):
    async def body(world):
        world.bind_gate.clear()
        assert "could not start another sandbox" in (await world.submit()).refusal.message
        world.bind_gate.set()

    run(body, rules=Rules(patience_s=0.05))


def test_calls_that_wait_do_not_look_for_room_again_and_again(run, monkeypatch):
    async def body(world):
        looks = []
        missing = world.fleet.room.missing
        monkeypatch.setattr(world.fleet.room, "missing", lambda mb: (looks.append(mb), missing(mb))[1])
        calls = await fill(world, 1)
        looks.clear()
        calls += [world.submit(snapshot("old")) for _ in range(50)]
        assert looks == []
        world.answer = lambda call: ended()
        world.boxes[0].finish()
        assert all([(await call).refusal is None for call in calls])

    run(body, room_mb=128)


def test_a_flood_of_short_calls_starts_no_more_sandboxes_than_help(run):
    async def body(world):
        world.answer = lambda call: ended()
        await world.submit()
        world.answer = None
        calls = [world.submit() for _ in range(100)]
        await until(lambda: len(world.boxes) >= ENOUGH and all(box.calls for box in world.boxes))
        await asyncio.sleep(0)
        assert len(world.boxes) == ENOUGH
        world.answer = lambda call: ended()
        for box in world.boxes:
            box.finish()
        assert all([(await call).refusal is None for call in calls])

    run(body, rules=Rules(enough=ENOUGH, hold_s=20))


def test_when_short_calls_turn_out_long_others_are_started_after_a_moment(run):
    async def body(world):
        world.answer = lambda call: ended()
        await world.submit()
        world.answer = None
        calls = [world.submit() for _ in range(10)]
        await until(lambda: len(world.boxes) == 10)
        world.answer = lambda call: ended()
        for box in [box for box in world.boxes if box.calls]:
            box.finish()
        assert all([(await call).refusal is None for call in calls])

    run(body, rules=Rules(enough=ENOUGH, hold_s=0.01))


def test_none_is_started_for_calls_that_are_done_before_it_could_be_there(run, monkeypatch):
    async def body(world):
        monkeypatch.setattr(world.pool, "wait_s", lambda key: 2.0)
        world.answer = lambda call: ended(duration_us=40_000)
        await world.submit()
        world.answer = None
        calls = [world.submit() for _ in range(100)]
        await until(lambda: len(world.boxes) >= ENOUGH and all(box.calls for box in world.boxes))
        await asyncio.sleep(0)
        assert len(world.boxes) == ENOUGH
        calls += [world.submit() for _ in range(100)]  # now they would wait for longer
        await until(lambda: len(world.boxes) > ENOUGH)
        world.answer = lambda call: ended()
        for box in [box for box in world.boxes if box.calls]:
            box.finish()
        assert all([(await call).refusal is None for call in calls])

    run(body, rules=Rules(enough=ENOUGH), room_mb=100_000)


def test_a_burst_of_unknown_calls_gets_more_and_more_while_none_ends(run, monkeypatch):
    async def body(world):
        monkeypatch.setattr(world.pool, "wait_s", lambda key: 0.005)
        calls = [world.submit() for _ in range(50)]
        await until(lambda: len(world.boxes) == 50)
        await until(lambda: all(box.calls for box in world.boxes))
        world.answer = lambda call: ended()
        for box in world.boxes:
            box.finish()
        assert all([(await call).refusal is None for call in calls])

    run(body, rules=Rules(enough=ENOUGH, hold_s=0.01), room_mb=100_000)


def test_a_burst_of_unknown_calls_that_prove_short_is_served_by_a_few(run):
    async def body(world):
        calls = [world.submit() for _ in range(50)]
        await until(lambda: len(world.boxes) == ENOUGH and all(box.calls for box in world.boxes))
        world.answer = lambda call: ended()
        for box in world.boxes:
            box.finish()
        assert all([(await call).refusal is None for call in calls])
        assert len(world.boxes) == ENOUGH

    run(body, rules=Rules(enough=ENOUGH, hold_s=20))


def test_long_calls_have_a_sandbox_each_at_once(run):
    async def body(world):
        world.answer = lambda call: ended(duration_us=500_000)
        await world.submit()
        world.answer = None
        calls = [world.submit() for _ in range(10)]
        await until(lambda: len(world.boxes) == 10 and all(box.calls for box in world.boxes))
        for box in world.boxes:
            box.finish()
        assert all([(await call).refusal is None for call in calls])

    run(body, rules=Rules(enough=ENOUGH, hold_s=20))


def test_the_room_of_a_killed_sandbox_is_free_while_the_engine_still_removes_it(run):
    async def body(world):
        world.answer = lambda call: ended()
        await world.submit()
        world.end_gate.clear()
        other = snapshot("next", function_id="01890000-0000-7000-8000-000000000002")
        assert (await world.submit(other)).refusal is None
        assert world.boxes[0].reason == EndReason.EVICTED
        assert world.fleet.room.committed_mb == 128

    run(body, room_mb=128)


def test_the_room_of_one_that_does_not_die_is_free_once_it_is_removed(run):
    async def body(world):
        world.answer = lambda call: ended()
        await world.submit()
        world.end_gate.clear()
        world.kill_error = DriverError("it was killed and has not ended")
        other = snapshot("next", function_id="01890000-0000-7000-8000-000000000002")
        call = world.submit(other)
        await until(lambda: world.boxes[0].reason)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not call.done()
        assert len(world.boxes) == 1
        world.end_gate.set()
        assert (await call).refusal is None

    run(body, room_mb=128)
