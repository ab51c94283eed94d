"""A sandbox's life against a container that is a plain object: each end, each death, each illegal move."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from functions.limits import SYNC_PAYLOAD
from functions.states import EndReason, Outcome
from runner.sandbox import frames
from runner.sandbox.driver import DriverError
from runner.sandbox.ends import death, read_error
from runner.sandbox.sandbox import Sandbox, State
from runner.sandbox.spec import Binding, Call, Limits, PoolKey


class Box:
    """Records what is done to it."""

    starts_at_bind = False
    created_us = 1
    directory = Path("/nowhere")

    def __init__(self):
        self.id, self.key, self.uid, self.pid = "box", PoolKey("python3.13", "none"), 60000, 1
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.done = []
        self.oom = False
        self.status = None
        self.exit = lambda: None
        self.bind_error = None

    def output(self):
        return self.reading

    async def bind(self, mounts, limits):
        if self.bind_error:
            raise self.bind_error
        self.done.append("bind")

    def watch_exit(self, callback):
        self.exit = callback

    def oom_killed(self):
        return self.oom

    def exit_status(self):
        return self.status

    def peak(self):
        self.done.append("peak")
        return 42

    async def remove(self):
        self.done.append("remove")

    def __getattr__(self, name):
        return lambda *values: self.done.append(name)


class Wire:
    """What is sent to the runtime."""

    def __init__(self):
        self.bound, self.invoked, self.closed = [], [], 0

    def send_bind(self, body):
        self.bound.append(json.loads(body))

    def send_invoke(self, header, payload):
        self.invoked.append((dict(header), payload))

    def close(self):
        self.closed += 1


BINDING = Binding((), Limits(128), "app.handler", {"NAME": "x"}, 5.0)


def call(timeout_s=5.0):
    return Call("r-1", b'{"a":1}', "arn:x", timeout_s, 99)


class World:
    def __init__(self, freeze_after_s=60.0):
        self.box, self.wire = Box(), Wire()
        self.sandbox = Sandbox(self.box, freeze_after_s)
        self.sandbox.begin(self.wire)
        self.ends = []

    async def generic(self):
        waiting = asyncio.ensure_future(self.sandbox.ready(5))
        await asyncio.sleep(0)
        self.sandbox.on_frame(frames.READY, b"{}")
        await waiting
        return self

    async def binding(self):
        await self.generic()
        bound = asyncio.ensure_future(self.sandbox.bind(BINDING))
        while not self.wire.bound:
            await asyncio.sleep(0)
        return bound

    async def warm(self):
        bound = await self.binding()
        self.sandbox.on_frame(frames.BOUND, b"{}")
        assert (await bound).outcome is Outcome.SUCCESS
        return self

    async def busy(self, **more):
        await self.warm()
        self.sandbox.invoke(call(**more), self.ends.append)
        return self

    def say(self, text):
        os.write(self.box.writing, text)


def live(scenario):
    asyncio.run(scenario())


def test_it_is_bound_called_and_called_again():
    async def scenario():
        world = await World().busy()
        assert world.wire.bound[0]["handler"] == "app.handler"
        assert world.wire.bound[0]["environment"] == {"NAME": "x"}
        assert world.wire.invoked[0][1] == b'{"a":1}'
        marker = world.wire.bound[0]["marker"].encode()
        world.say(b"hello\n\x00" + marker + b"r-1\x00")
        world.sandbox.on_frame(frames.SUCCESS, b'"ok"')
        (ended,) = world.ends
        assert (ended.outcome, ended.response, ended.log, ended.memory_used) == (
            Outcome.SUCCESS,
            b'"ok"',
            b"hello\n",
            42,
        )
        world.sandbox.invoke(call(), world.ends.append)
        world.sandbox.on_frame(frames.SUCCESS, b"2")
        assert len(world.ends) == 2

    live(scenario)


def test_a_second_answer_to_one_call_is_ignored():
    async def scenario():
        world = await World().busy()
        for _ in range(3):
            world.sandbox.on_frame(frames.SUCCESS, b"1")
        assert len(world.ends) == 1

    live(scenario)


def test_a_functions_error_leaves_it_usable_and_a_fatal_one_does_not():
    async def scenario():
        body = b'{"errorType":"E","errorMessage":"m","stackTrace":["l1"]}'
        for kind, alive in ((frames.ERROR, True), (frames.FATAL, False)):
            world = await World().busy()
            world.sandbox.on_frame(kind, body)
            (ended,) = world.ends
            assert (ended.outcome, ended.error_type, ended.error_message, ended.stack) == (
                Outcome.FUNCTION_ERROR,
                "E",
                "m",
                ("l1",),
            )
            assert ended.response == body
            assert world.sandbox.alive is alive

    live(scenario)


def test_a_call_past_its_time_ends_and_so_does_the_sandbox():
    async def scenario():
        world = await World().busy(timeout_s=0.01)
        while not world.ends:
            await asyncio.sleep(0.005)
        assert world.ends[0].outcome is Outcome.TIMEOUT
        assert not world.sandbox.alive
        world.sandbox.on_frame(frames.SUCCESS, b"late")
        assert len(world.ends) == 1

    live(scenario)


@pytest.mark.parametrize(
    ("oom", "outcome", "error_type"),
    [(False, Outcome.CRASH, "Runtime.ExitError"), (True, Outcome.OUT_OF_MEMORY, "Runtime.OutOfMemory")],
)
def test_a_death_in_a_call_is_told_with_what_was_said_before(oom, outcome, error_type):
    async def scenario():
        world = await World().busy()
        world.say(b"last words")
        world.box.oom = oom
        world.box.exit()
        (ended,) = world.ends
        assert (ended.outcome, ended.error_type, ended.log) == (outcome, error_type, b"last words")

    live(scenario)


def test_how_it_ended_is_told_since_its_exit_is_waited_for():
    async def scenario():
        world = await World().busy()
        world.sandbox.on_link_lost()
        assert not world.ends
        world.box.status = 3
        world.box.exit()
        (ended,) = world.ends
        assert ended.error_message == "RequestId: r-1 Error: Runtime exited with error: exit status 3"
        assert ended.memory_used == 42

    live(scenario)


def test_one_that_hangs_up_and_lives_on_is_ended(monkeypatch):
    monkeypatch.setattr("runner.sandbox.sandbox.EXIT_GRACE_S", 0.01)

    async def scenario():
        world = await World().busy()
        world.sandbox.on_link_lost()
        while not world.ends:
            await asyncio.sleep(0.005)
        assert world.ends[0].outcome is Outcome.CRASH
        assert not world.sandbox.alive
        world.box.exit()
        assert len(world.ends) == 1

    live(scenario)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "Runtime exited without providing a reason"),
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-200, "Runtime exited with error: signal: 200"),
    ],
)
def test_a_death_has_lambdas_words(status, words):
    assert death(False, None, status) == (Outcome.CRASH, "Runtime.ExitError", f"Error: {words}")


def test_a_death_between_calls_is_told_to_who_keeps_it():
    async def scenario():
        world, lost = await World().warm(), []
        world.sandbox.on_lost = lost.append
        world.sandbox.on_link_lost()
        world.box.exit()
        assert lost == [EndReason.CRASH]

    live(scenario)


def test_a_failed_init_is_told_with_its_log():
    async def scenario():
        world = World()
        bound = await world.binding()
        world.say(b"Traceback")
        world.sandbox.on_frame(
            frames.INIT_ERROR, b'{"errorType":"Runtime.ImportModuleError","errorMessage":"m"}'
        )
        found = await bound
        assert (found.outcome, found.error_type, found.log) == (
            Outcome.INIT_FAILURE,
            "Runtime.ImportModuleError",
            b"Traceback",
        )
        assert not world.sandbox.alive

    live(scenario)


def test_an_init_past_its_time_and_one_that_dies_are_told():
    async def scenario():
        world = await World().generic()
        found = await world.sandbox.bind(Binding((), Limits(128), "h", {}, 0.01))
        assert (found.outcome, found.error_type) == (Outcome.TIMEOUT, "Sandbox.Timedout")
        world = World()
        bound = await world.binding()
        world.box.exit()
        assert (await bound).outcome is Outcome.CRASH

    live(scenario)


def test_a_bind_that_the_engine_cannot_do_is_raised():
    async def scenario():
        world = await World().generic()
        world.box.bind_error = DriverError("no")
        with pytest.raises(DriverError):
            await world.sandbox.bind(BINDING)

    live(scenario)


def test_a_start_that_fails_is_raised_with_what_it_said():
    async def scenario():
        world = World()
        waiting = asyncio.ensure_future(world.sandbox.ready(5))
        await asyncio.sleep(0)
        world.say(b"no such file")
        world.box.exit()
        with pytest.raises(DriverError, match="no such file"):
            await waiting
        with pytest.raises(DriverError, match="did not start"):
            await World().sandbox.ready(0.01)

    live(scenario)


def test_idle_it_is_frozen_and_a_call_thaws_it():
    async def scenario():
        world = await World(freeze_after_s=0.001).warm()
        while world.sandbox.state is not State.FROZEN:
            await asyncio.sleep(0.005)
        assert "freeze" in world.box.done
        world.sandbox.invoke(call(), world.ends.append)
        assert world.box.done[-2:] == ["thaw", "reset_peak"]

    live(scenario)


def test_neighbouring_calls_share_a_memory_peak_and_later_ones_do_not(monkeypatch):
    async def scenario():
        world = await World().warm()

        def one(peak_s, read_s):
            monkeypatch.setattr("runner.sandbox.sandbox.PEAK_S", peak_s)
            monkeypatch.setattr("runner.sandbox.sandbox.PEAK_READ_S", read_s)
            world.sandbox.invoke(call(), world.ends.append)
            world.sandbox.on_frame(frames.SUCCESS, b"1")
            return world.box.done.count("reset_peak"), world.box.done.count("peak")

        assert one(0.0, 60.0) == (1, 1)
        assert one(60.0, 60.0) == one(60.0, 60.0) == (1, 1)
        assert one(60.0, 0.0) == (1, 2)
        assert one(0.0, 60.0) == (2, 3)  # what was read before the peak was forgotten says nothing
        assert [ended.memory_used for ended in world.ends] == [42] * 5

    live(scenario)


def test_ended_from_outside_a_call_is_a_platform_failure_and_removal_happens():
    async def scenario():
        world = await World().busy()
        await world.sandbox.end(EndReason.SHUTDOWN)
        await world.sandbox.end(EndReason.SHUTDOWN)
        assert [ended.outcome for ended in world.ends] == [Outcome.PLATFORM]
        assert world.box.done.count("remove") == 2  # the container's removal is idempotent itself
        assert world.wire.closed == 1

    live(scenario)


def test_an_illegal_move_is_a_mistake_of_ours():
    async def scenario():
        world = await World().generic()
        with pytest.raises(RuntimeError, match="cannot go from GENERIC to BUSY"):
            world.sandbox.invoke(call(), world.ends.append)

    live(scenario)


def test_a_streamed_answer_is_passed_on_or_collected():
    async def scenario():
        world, pieces = await World().warm(), []
        world.sandbox.invoke(call(), world.ends.append, lambda kind, data: pieces.append((kind, data)))
        for kind, body in ((frames.PRELUDE, b"{}"), (frames.CHUNK, b"a"), (frames.STREAM_END, b"")):
            world.sandbox.on_frame(kind, body)
        assert pieces == [("H", b"{}"), ("C", b"a")]
        world.sandbox.invoke(call(), world.ends.append)
        for kind, body in ((frames.CHUNK, b"a"), (frames.CHUNK, b"b"), (frames.STREAM_END, b"")):
            world.sandbox.on_frame(kind, body)
        assert [ended.response for ended in world.ends] == [b"", b"ab"]

    live(scenario)


def test_a_collected_answer_is_kept_just_past_the_limit_however_it_is_cut():
    async def scenario():
        world = await World().warm()
        for chunk, times, kept in ((b"x", 200_000, 200_000), (b"y" * 4096, 3000, SYNC_PAYLOAD + 101)):
            world.sandbox.invoke(call(), world.ends.append)
            for _ in range(times):
                world.sandbox.on_frame(frames.CHUNK, chunk)
            world.sandbox.on_frame(frames.STREAM_END, b"")
            assert len(world.ends[-1].response) == kept

    live(scenario)


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"3", b"[" * 100_000, b'{"stackTrace": 3}'])
def test_an_unreadable_error_is_an_error_of_its_own(body):
    assert not read_error(body).well_formed
    assert read_error(body).type == "Runtime.Unknown"
