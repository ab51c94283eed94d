"""What the gateway itself costs per warm call, without kernel, sandbox or client: a signed request is fed to
the protocol, a sandbox that answers at once ends the call, the journal writes, the answer is formatted.

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
from tests.bench.signed import Signer, events
from tests.runner.gateway.boxes import Box, World, ended
from tests.runner.gateway.doors import SECRET, Events, Table, elsewhere


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


class QuickBox(Box):
    """Ends a call where it begins."""

    def invoke(self, call, on_end, _on_chunk):  # type: ignore[no-untyped-def]
        on_end(ended())


async def run(calls: int) -> dict[str, object]:
    """Feed the calls; returns microseconds of processor time per call."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory))

        async def make(key):  # type: ignore[no-untyped-def]
            return QuickBox(world, key)

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
        done, started = wire.written, time.process_time()
        for number in range(calls):
            connection.data_received(requests[number % len(requests)])
            while connection.is_busy:
                await asyncio.sleep(0)
        spent = time.process_time() - started
        await world.close()
        catalog.close()
        return {"calls": wire.written - done, "cpu_us_per_call": round(spent / calls * 1_000_000, 1)}


def main() -> None:
    """Print one JSON line, or a profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--sort", default="tottime")
    parser.add_argument("--rows", type=int, default=35)
    options = parser.parse_args()
    if not options.profile:
        print(json.dumps(uvloop.run(run(options.calls))))  # noqa: T201
        return
    profile = cProfile.Profile()
    profile.runcall(uvloop.run, run(options.calls))
    pstats.Stats(profile).sort_stats(options.sort).print_stats(options.rows)


if __name__ == "__main__":
    main()
