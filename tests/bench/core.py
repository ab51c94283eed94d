"""What the gateway itself costs per warm call, without sockets, sandbox or client: a signed request is fed to the
protocol, the bytes that go to a sandbox are answered at once, the journal writes, the answer is formatted. The best
of many batches, so that a busy machine does not show.

    python tests/bench/core.py [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import sys
import tempfile
import time
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
os.environ.setdefault("FUNCTORY_HOME", tempfile.mkdtemp())

from runner.gateway.authorize import Authorizer
from runner.gateway.catalog import Catalog
from runner.gateway.http import HttpConnection
from runner.gateway.invoke_api import InvokeApi
from runner.gateway.listener import Listener
from runner.gateway.refusals import Refusals
from runner.gateway.routes import Parts, Routes
from runner.sandbox.frames import BIND, BOUND, INVOKE, READY, SUCCESS, frame
from runner.sandbox.link import Link
from runner.sandbox.sandbox import Sandbox
from runner.sandbox.spec import PoolKey
from tests.bench.signed import Signer, events
from tests.runner.gateway.boxes import World
from tests.runner.gateway.doors import SECRET, Events, Table, elsewhere

BATCH = 64


class Wire:
    """A transport that counts what is written."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, data: bytes) -> None:
        self.written += 1

    def get_extra_info(self, _name: str) -> tuple[str, int]:
        return ("127.0.0.1", 1)

    def set_write_buffer_limits(self, **_limits: int) -> None:
        return

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        return

    abort = close


class Inside:
    """The transport of a sandbox's connection: answers each event with itself."""

    link: Link

    def write(self, data: bytes) -> None:
        header = int.from_bytes(data[5:7], "big")
        if data[4] == INVOKE:
            self.link.data_received(frame(SUCCESS, data[7 + header :]))
        elif data[4] == BIND:
            self.link.data_received(frame(BOUND, b"{}"))

    def abort(self) -> None:
        return


class Container:
    """Has an output that nobody writes to; all else is nothing."""

    id, uid, pid, created_us, starts_at_bind, directory = "box", 60000, 1, 1, False, Path("/nowhere")

    def __init__(self, key: PoolKey) -> None:
        self.key = key
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK)

    def output(self) -> int:
        return self._reading

    async def bind(self, _mounts: object, _limits: object) -> None:
        return

    async def remove(self) -> None:
        return

    kill = remove

    def peak(self) -> int:
        return 30_000_000

    memory_now = peak

    def __getattr__(self, _name: str):  # type: ignore[no-untyped-def]
        return lambda *_: None


async def make(key: PoolKey) -> Sandbox:
    """A real sandbox before a container that is none."""
    sandbox = Sandbox(Container(key))  # type: ignore[arg-type]
    inside = Inside()
    inside.link = Link(sandbox.on_frame, sandbox.on_link_lost)
    inside.link.connection_made(inside)  # type: ignore[arg-type]
    sandbox.begin(inside.link)
    sandbox.on_frame(READY, b"{}")
    return sandbox


async def run(calls: int) -> dict[str, object]:
    """Feed the calls; returns microseconds of processor time per call."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory))
        world.pool._make = make
        catalog = Catalog(loop, Table())
        catalog.subscribed = True
        api = InvokeApi(
            Authorizer(catalog), catalog, world.dispatcher, Events(), Refusals(catalog.store_refusals)
        )
        others = {name: elsewhere(name) for name in ("stream", "relay", "url", "own", "unread")}
        listener = Listener(Routes(Parts(invoke=api.handle, **others), ""))
        wire, connection = Wire(), HttpConnection(listener, loop)
        connection.connection_made(wire)  # type: ignore[arg-type]
        requests = Signer("http://127.0.0.1:9000", "AKIDEV", SECRET).invokes("hello", events())
        for request in requests:
            connection.data_received(request)
            while connection.is_busy:
                await asyncio.sleep(0)
        spent = []
        for _ in range(calls // BATCH):
            started = time.process_time()
            for request in requests:
                connection.data_received(request)
                while connection.is_busy:
                    await asyncio.sleep(0)
            spent.append((time.process_time() - started) / len(requests) * 1_000_000)
        await world.close()
        catalog.close()
        return {"best_us": round(min(spent), 1), "middle_us": round(sorted(spent)[len(spent) // 2], 1)}


def main() -> None:
    """Print one JSON line, or a profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--sort", default="tottime")
    parser.add_argument("--rows", type=int, default=35)
    options = parser.parse_args()
    if not options.profile:
        print(json.dumps(uvloop.run(run(options.calls))))  # noqa: T201
        return
    profile = cProfile.Profile()
    profile.runcall(uvloop.run, run(options.calls // 4))
    pstats.Stats(profile).sort_stats(options.sort).print_stats(options.rows)


if __name__ == "__main__":
    main()
