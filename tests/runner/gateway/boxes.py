"""Sandboxes that are plain objects, for the tests of what is done with them."""

import asyncio
from pathlib import Path

import pytest

from functions.snapshots import FunctionSnapshot
from functions.states import Outcome
from runner.gateway.dispatcher import Dispatcher
from runner.gateway.fleet import Fleet, Rules
from runner.gateway.invocation import Invocation
from runner.gateway.journal import Journal
from runner.gateway.room import Room
from runner.gateway.starts import Starter
from runner.gateway.supply_room import SupplyRoom
from runner.sandbox.pool import Pool
from runner.sandbox.spec import Bound, Ended, PoolKey
from runner.sandbox.supply import Policy

FUNCTION = "01890000-0000-7000-8000-000000000001"
ACCOUNT = "000000000000"
BOUND = Bound(Outcome.SUCCESS, 1500)


def snapshot(revision="r1", version="1", **more):
    values = {
        "project_id": "p", "account": ACCOUNT, "region": "us-east-1", "function_id": FUNCTION,
        "name": "hello", "revision_id": revision, "version": version, "runtime": "python3.13",
        "handler": "app.handler", "memory_mb": 128, "timeout_s": 3, "ephemeral_mb": 512,
        "network": "none", "code": Path("/code"), "dependencies": None,
    }  # fmt: skip
    return FunctionSnapshot(**{**values, **more})


def ended(outcome=Outcome.SUCCESS, response=b'"ok"', **more):
    return Ended(outcome, response, more.pop("duration_us", 1234), 30 * 2**20, more.pop("log", b""), **more)


def answered(call):
    """The event, given back."""
    return ended(response=call.payload)


class Box:
    """Keeps what it was given; the test ends its calls with `finish`, or `answer` does so at once."""

    def __init__(self, world, key):
        world.number += 1
        self.id = f"box{world.number}"
        self.key = key
        self.world = world
        self.alive = True
        self.memory_mb = 20
        self.on_lost = None
        self.binding = None
        self.calls = []
        self.reason = None
        self._on_end = None
        self._on_chunk = None

    async def bind(self, binding):
        self.binding = binding
        await self.world.bind_gate.wait()
        if isinstance(self.world.bound, Exception):
            raise self.world.bound
        return self.world.bound

    def invoke(self, call, on_end, on_chunk):
        self.calls.append(call)
        self._on_end, self._on_chunk = on_end, on_chunk
        if self.world.answer is not None:
            asyncio.get_running_loop().call_soon(self.finish, self.world.answer(call))

    def finish(self, end=None):
        self._on_end(end or ended())

    def chunk(self, kind, data):
        self._on_chunk(kind, data)

    async def kill(self, reason):
        self.alive = False
        self.reason = self.reason or reason
        if self.world.kill_error:
            raise self.world.kill_error

    async def end(self, reason):
        self.alive = False
        self.reason = self.reason or reason
        await self.world.end_gate.wait()

    def memory_now(self):
        return self.memory_mb * 2**20


class World:
    """A dispatcher with its fleet, pool and journal over boxes. `answer(call)` makes an Ended, or None leaves
    calls open."""

    def __init__(self, directory, *, room_mb=10_000, rules=None, answer=None, prewarm=0, machine=None):
        loop = asyncio.get_running_loop()
        self.number = 0
        self.boxes = []
        self.bound = BOUND
        self.make_error = self.kill_error = None
        self.answer = answer
        self.bind_gate, self.end_gate = asyncio.Event(), asyncio.Event()
        self.bind_gate.set()
        self.end_gate.set()
        self.pool = Pool(self.make, Policy(prewarm, parallel=8, retry_s=0))
        self.journal = Journal(directory, loop)
        starter = Starter(self.pool, lambda one: PoolKey(one.runtime, one.network), lambda one, _: {"A": "1"})
        self.fleet = Fleet(loop, starter, Room(room_mb), rules or Rules())
        self.machine = machine or (24_000, 20_000)
        self.pool.memory = self.supply_room = SupplyRoom(self.fleet, lambda: self.machine, lambda: 0.0)
        self.dispatcher = Dispatcher(loop, self.fleet, self.journal)

    async def make(self, key):
        if self.make_error:
            raise self.make_error
        box = Box(self, key)
        self.boxes.append(box)
        return box

    def submit(self, one=None, payload=b"{}", **more):
        done = asyncio.get_running_loop().create_future()
        call = Invocation(one or snapshot(), payload, done.set_result, **more)
        self.dispatcher.submit(call)
        return done

    async def close(self):
        self.end_gate.set()
        self.bind_gate.set()
        self.answer = self.answer or (lambda call: ended())
        await self.dispatcher.stop(0)
        await self.pool.close()


async def until(condition):
    while not condition():
        await asyncio.sleep(0)


@pytest.fixture
def run(tmp_path):
    """A world for one test, which leaves nothing running and no memory taken."""

    def runner(body, **world):
        async def main():
            one = World(tmp_path, **world)
            try:
                await asyncio.wait_for(body(one), 20)
            finally:
                await one.close()
            assert one.dispatcher.running == 0
            assert one.fleet.room.committed_mb == 0

        asyncio.run(main())

    return runner
