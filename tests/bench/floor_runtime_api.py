"""The floor of stock runtime clients: the bare floor's front before the Lambda Runtime API over HTTP and nothing else
of it: no other answers, no checks, no limits. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import httptools
import uvloop

from tests.bench.floor_server import Front, Http

NEXT = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: %d\r\n"
    b"lambda-runtime-deadline-ms: 9999999999999\r\nlambda-runtime-invoked-function-arn: arn\r\n"
    b"content-length: %d\r\n\r\n%b"
)
ACCEPTED = (
    b'HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"status":"OK"}'
)


class Runtime(asyncio.Protocol):
    """One client's connection: it asks for the next event, and posts its answer."""

    def __init__(self, front: RuntimeFront) -> None:
        self.front = front
        self.parser = httptools.HttpRequestParser(self)
        self.body: list[bytes] = []
        self.asked: Http | None = None
        self.number = 0

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, piece: bytes) -> None:
        self.body.append(piece)

    def on_message_complete(self) -> None:
        if self.parser.get_method() == b"GET":
            self.front.ready(self)
            return
        body, self.body = self.body, []
        asked, self.asked = self.asked, None
        self.write(ACCEPTED)
        if asked is not None:
            asked.respond(body[0] if len(body) == 1 else b"".join(body))

    def run(self, asked: Http, event: bytes) -> None:
        self.asked = asked
        self.number += 1
        self.write(NEXT % (self.number, len(event), event))


class RuntimeFront(Front):
    """Events go to whoever has asked for the next."""

    def ready(self, runtime: Runtime) -> None:
        if self.waiting:
            runtime.run(*self.waiting.popleft())
        else:
            self.warm.append(runtime)  # type: ignore[arg-type]


async def serve(listeners: list[socket.socket], tell: Connection) -> None:
    """Listen for ever; tell the port first."""
    loop = asyncio.get_running_loop()
    front = RuntimeFront(b"")
    kept = [await loop.create_server(partial(Runtime, front), sock=listener) for listener in listeners]
    kept.append(await loop.create_server(partial(Http, front), "127.0.0.1", 0, backlog=1024))
    tell.send(kept[-1].sockets[0].getsockname()[1])
    await asyncio.Event().wait()


def run(tell: Connection) -> None:
    """The server's process: given its listeners first, which are inside the containers."""
    uvloop.run(serve(tell.recv(), tell))
