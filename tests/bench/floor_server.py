"""The bare floor: one uvloop and httptools process in front of one unix socket per container. No signature, no
record, no limit, no deadline; no task and no future per request. What this machine gives at best, in Python."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httptools
import uvloop

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
LATER = 262_144


class Worker(asyncio.Protocol):
    """One container's connection: one event at a time."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.buffer = b""
        self.needed = 0
        self.pieces: list[bytes] = []
        self.asked: Http | None = None
        self.first: bytes | None = None

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write
        self.front.arrived(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.front.left(self)

    def run(self, asked: Http, event: bytes) -> None:
        self.asked = asked
        self.write((len(event) + 1).to_bytes(4, "big") + b"i" + event)

    def run_cold(self, asked: Http, code: bytes, event: bytes) -> None:
        self.first = event
        self.asked = asked
        self.write((len(code) + 1).to_bytes(4, "big") + b"b" + code)

    def data_received(self, data: bytes) -> None:
        if not self.needed and len(data) == 4 + int.from_bytes(data[:4], "big"):
            self.answered(data[4:])
            return
        self.pieces.append(data)
        if not self.needed:
            self.needed = 4 + int.from_bytes(b"".join(self.pieces)[:4], "big")
        self.needed -= len(data)
        if self.needed == 0:
            whole, self.pieces = b"".join(self.pieces), []
            self.answered(whole[4:])

    def answered(self, answer: bytes) -> None:
        asked = self.asked
        assert asked is not None
        if self.first is not None:
            event, self.first = self.first, None
            self.run(asked, event)
            return
        self.asked = None
        asked.respond(answer)
        self.front.free(self)


class Front:
    """The containers and the requests that wait for one. `spare` are containers without code."""

    def __init__(self, code: bytes) -> None:
        self.code = code
        self.limit = 1
        self.spare: deque[Worker] = deque()
        self.warm: list[Worker] = []
        self.made: list[Worker] = []
        self.waiting: deque[tuple[Http, bytes]] = deque()

    def arrived(self, worker: Worker) -> None:
        self.spare.append(worker)

    def left(self, worker: Worker) -> None:
        if worker in self.spare:
            self.spare.remove(worker)

    def use(self, count: int) -> None:
        """From now on so many containers serve."""
        while len(self.made) < count and self.spare:
            worker = self.spare.popleft()
            self.made.append(worker)
            worker.asked = Http(self)  # the answer to the code is nobody's
            worker.write((len(self.code) + 1).to_bytes(4, "big") + b"b" + self.code)
        self.warm = [worker for worker in self.made[:count] if worker.asked is None]
        self.limit = count

    def submit(self, asked: Http, event: bytes) -> None:
        if self.warm:
            self.warm.pop().run(asked, event)
        else:
            self.waiting.append((asked, event))

    def free(self, worker: Worker) -> None:
        if worker not in self.made:  # it was for one cold call
            return
        if self.waiting:
            worker.run(*self.waiting.popleft())
        elif worker in self.made[: self.limit]:
            self.warm.append(worker)


class Http(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.parser = httptools.HttpRequestParser(self)
        self.body: list[bytes] = []
        self.path = b""
        self.write: Any = lambda _data: None

    def connection_made(self, transport: Any) -> None:
        self.write = transport.write

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.path = url

    def on_body(self, piece: bytes) -> None:
        self.body.append(piece)

    def on_message_complete(self) -> None:
        body, self.body = self.body, []
        event = body[0] if len(body) == 1 else b"".join(body)
        if self.path == b"/":
            self.front.submit(self, event)
        elif self.path.startswith(b"/use/"):
            self.front.use(int(self.path[5:]))
            self.respond(b"%d" % len(self.front.warm))
        elif self.path == b"/spare":
            self.respond(b"%d" % len(self.front.spare))
        else:  # /cold: the body is the code
            self.front.spare.popleft().run_cold(self, event, b"{}")

    def respond(self, answer: bytes) -> None:
        if len(answer) < LATER:
            self.write(HEAD % len(answer) + answer)
        else:
            self.write(HEAD % len(answer))
            self.write(answer)


async def serve(sockets: list[Path], code: bytes, tell: Connection) -> None:
    """Listen for ever; tell the port first."""
    loop = asyncio.get_running_loop()
    front = Front(code)
    kept = []  # a server that nobody holds is collected, and its socket closed
    for path in sockets:
        kept.append(await loop.create_unix_server(partial(Worker, front), str(path)))
        path.chmod(0o777)
    server = await loop.create_server(partial(Http, front), "127.0.0.1", 0, backlog=1024)
    tell.send(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


def run(sockets: list[Path], code: bytes, tell: Connection) -> None:
    """The server's process."""
    uvloop.run(serve(sockets, code, tell))
