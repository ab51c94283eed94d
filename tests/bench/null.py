"""A server that answers whatever comes with the same bytes: what the load generator itself can do at most."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\nnull"


class Null(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write

    def data_received(self, data: bytes) -> None:
        self.write(ANSWER)


async def serve(tell: Connection) -> None:
    """Listen for ever; tell the port first."""
    server = await asyncio.get_running_loop().create_server(Null, "127.0.0.1", 0, backlog=1024)
    tell.send(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


def run(tell: Connection) -> None:
    """The server's process."""
    uvloop.run(serve(tell))


@contextlib.contextmanager
def null_server() -> Iterator[int]:
    """Its port, while it runs."""
    context = multiprocessing.get_context("spawn")
    mine, other = context.Pipe()
    process = context.Process(target=run, args=(other,), daemon=True)
    process.start()
    try:
        yield mine.recv()
    finally:
        process.kill()
        process.join()
