"""HTTP/1.1 over a unix socket for event loops that hold hundreds of requests at once: one at a time on a connection,
connections are kept. A tenth of what a general client costs. Knows no gateway."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httptools

QUEUE_FULL_S = 0.01


class NotSent(ConnectionError):
    """Nobody listens there: nothing of the request was sent."""


class Broken(ConnectionError):
    """The connection ended before the answer was whole."""


@dataclass(slots=True)
class Reply:
    """A whole answer; header names in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, and the next."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reply = Reply()
        self._pieces: list[bytes] = []
        self._waiting: asyncio.Future[Reply] | None = None
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It may be used."""
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[Reply]:
        """Send a request; the future is its answer, or Broken."""
        self._waiting = waiting = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(request)
        return waiting

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The other side has hung up."""
        self.is_open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Broken(str(error or "closed")))

    # --- parser callbacks ---

    def on_message_begin(self) -> None:
        """An answer begins."""
        self._reply = Reply()
        self._pieces = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._reply.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        reply = self._reply
        reply.status = self._parser.get_status_code()
        reply.body = b"".join(self._pieces)
        if not self._parser.should_keep_alive():
            self.is_open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(reply)


class UnixHttp:
    """A client of one socket with at most so many connections. Belongs to one event loop."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = str(path)
        self._free = asyncio.Semaphore(most)
        self._idle: list[_Connection] = []

    async def post(self, path: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Reply:
        """One request; raises NotSent, Broken or TimeoutError (after which it may still be worked on)."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"POST {path} HTTP/1.1\r\nhost: gateway\r\n{lines}content-length: {len(body)}\r\n\r\n"
        async with self._free:
            connection = await self._connection()
            try:
                reply = await asyncio.wait_for(connection.ask(head.encode("latin-1") + body), timeout_s)
            except BaseException:
                connection.close()
                raise
            if connection.is_open:
                self._idle.append(connection)
            return reply

    def close(self) -> None:
        """Hang up everywhere."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _connection(self) -> _Connection:
        while self._idle:
            kept = self._idle.pop()
            if kept.is_open:
                return kept
        loop = asyncio.get_running_loop()
        _, made = await loop.create_unix_connection(_Connection, sock=await self._connected())
        return made

    async def _connected(self) -> socket.socket:
        """asyncio's own connecting takes a server whose queue is full for one that is there."""
        while True:
            found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            try:
                found.connect(self._path)
            except BlockingIOError:
                found.close()
                await asyncio.sleep(QUEUE_FULL_S)
            except OSError as error:
                found.close()
                raise NotSent(str(error)) from error
            else:
                return found
