"""The floor: what this machine gives for an HTTP exchange with nothing behind it, by the same protocol class
and the same load. The difference to load.py is what running functions costs.

    python tests/bench/floor.py
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import socket
import sys
import time
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from functions.config import Address
from runner.gateway.exchange import Exchange
from runner.gateway.listener import Listener
from runner.gateway.wire import Request
from tests.bench.load import measure

HEADERS = [("content-type", "application/json")]


class Nothing:
    """Answers every request at once."""

    def body_limit(self, request: Request) -> int:
        return 1 << 20

    def handle(self, exchange: Exchange) -> None:
        exchange.respond(200, HEADERS, b'"ok"')

    def refuse(self, exchange: Exchange, status: int, code: str, message: str) -> None:
        exchange.respond(status, [], b"")


async def serve(port: int) -> None:
    """Listen for ever."""
    await Listener(Nothing()).listen_tcp(Address("127.0.0.1", port))
    await asyncio.Event().wait()


def run(port: int) -> None:
    """The server's process."""
    uvloop.run(serve(port))


def wait_until_open(port: int) -> None:
    """Until the server listens."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)


def main() -> None:
    """Print one JSON line per number of connections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=19099)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 4, 16])
    options = parser.parse_args()
    server = multiprocessing.Process(target=run, args=(options.port,), daemon=True)
    server.start()
    wait_until_open(options.port)
    for connections in options.connections:
        one = argparse.Namespace(
            url=f"http://127.0.0.1:{options.port}",
            key="AKIA",
            secret="s",
            function="hello",
            region="us-east-1",
            payload='{"key": "value"}',
            seconds=options.seconds,
            warm=1.0,
            connections=connections,
        )
        print(json.dumps(uvloop.run(measure(one))))  # noqa: T201
    server.terminate()


if __name__ == "__main__":
    main()
