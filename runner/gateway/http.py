"""The HTTP/1.1 server protocol: bytes in, requests to a handler one at a time per connection (pipelined ones
wait in order), answers out. Owns limits and time-outs; knows no routes."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol, cast

import httptools

from runner.gateway.exchange import CONTINUE, Exchange
from runner.gateway.wire import Clock, Limits, Request, join_header, origin_form

NEVER = float("inf")
BAD_REQUEST = (400, "BadRequest", "The request is not valid HTTP/1.1.")
HEADERS_TOO_LARGE = (431, "RequestHeaderFieldsTooLarge", "The request's headers are too large.")
NO_HOST = (400, "BadRequest", "The request needs exactly one Host header.")


class Handler(Protocol):
    """What answers requests."""

    def body_limit(self, request: Request) -> int:
        """The most bytes that this request's body may have, decided from its head."""
        ...

    def handle(self, exchange: Exchange) -> None:
        """Answer a whole request, now or later."""
        ...

    def refuse(self, exchange: Exchange, status: int, code: str, message: str) -> None:
        """Answer a request that never became whole."""
        ...


class Registry(Protocol):
    """Where connections are counted and told to stop."""

    limits: Limits
    clock: Clock
    handler: Handler
    stopping: bool

    def opened(self, connection: HttpConnection) -> bool:
        """Note a new connection; False when there are too many."""
        ...

    def closed(self, connection: HttpConnection) -> None:
        """Forget it."""
        ...


class HttpConnection(asyncio.Protocol):
    """One client's connection. `deadline` is on the loop's clock; the listener's sweep enforces it."""

    def __init__(self, registry: Registry, loop: asyncio.AbstractEventLoop) -> None:
        self._registry = registry
        self._limits = registry.limits
        self._loop = loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._peer = ""
        self._closing = False
        self._paused = False
        self._reset()
        self.deadline = NEVER

    def _reset(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._reading: Exchange | None = None
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._body_limit = 0
        self._hosts = 0  # further ones; the first is in the headers

    # --- transport ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=1024 * 1024)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        if not self._registry.opened(self):
            self._transport.abort()
            return
        self.deadline = self._loop.time() + self._limits.header_s

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        """The client is gone; what runs for it goes on, its answer is dropped."""
        self._registry.closed(self)
        self._transport = None
        self._waiting.clear()
        current = self._current
        if current is not None and not current.done:
            current.done = True
            if current.on_gone is not None:
                current.on_gone()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; a malformed request is answered in its turn, then the connection ends."""
        if self._closing:
            return
        if self._reading is None:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data, upgrade)
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError:
            self._poison(BAD_REQUEST)
            return
        if self._reading is None and self._header_bytes > self._limits.header_bytes:
            self._poison(HEADERS_TOO_LARGE)

    def _ignore_upgrade(self, data: bytes, upgrade: httptools.HttpParserUpgrade) -> None:
        """An offer to speak another protocol may be ignored (RFC 9110, 7.8): go on in HTTP/1.1."""
        self._parser = httptools.HttpRequestParser(self)
        rest = data[upgrade.args[0] :]
        if rest:
            self.data_received(rest)

    def eof_received(self) -> bool:
        """The client has sent all: keep the connection while answers are due. One that leaves in the middle
        of a streamed answer looks the same, and is taken to be gone."""
        self._closing = True
        return self._current is not None and not self._current.started

    def pause_writing(self) -> None:
        """The client reads too slowly: give it a while."""
        self.deadline = self._loop.time() + self._limits.write_stall_s

    def resume_writing(self) -> None:
        """It caught up."""
        self.deadline = NEVER if self._current else self._loop.time() + self._limits.idle_s

    # --- parser callbacks ---

    def on_message_begin(self) -> None:
        """A request starts."""
        header_bytes = self._header_bytes
        self._reset()
        self._header_bytes = header_bytes
        if self._current is None:
            self.deadline = self._loop.time() + self._limits.header_s

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line; trailers after a chunked body are dropped, nobody signed them."""
        if self._reading is not None:
            return
        key = name.decode("latin-1").lower()
        headers = self._headers
        if key not in headers:
            headers[key] = value.decode("latin-1")
        elif key == "host":
            self._hosts += 1
        else:
            join_header(headers, key, value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """The head is whole: decide how much body may follow."""
        parser = self._parser
        method = parser.get_method().decode("ascii")
        target = origin_form(self._target.decode("latin-1"))
        request = Request(method, target, self._headers, parser.get_http_version())
        request.keep_alive = parser.should_keep_alive()
        request.peer = self._peer
        exchange = self._reading = Exchange(self, request)
        self._header_bytes = 0
        if self._hosts or ("host" not in self._headers and request.version == "1.1"):
            exchange.refusal = NO_HOST
            request.keep_alive = False
        length = self._headers.get("content-length")
        if length is None and "transfer-encoding" not in self._headers:
            return
        self._expect_body(exchange, int(length) if length is not None else None)

    def _expect_body(self, exchange: Exchange, length: int | None) -> None:
        self._body_limit = limit = self._registry.handler.body_limit(exchange.request)
        too_large = length is not None and length > limit
        if too_large:
            self._too_large(exchange)
        expected = limit if length is None else min(length, self._limits.discarded_bytes)
        patience = self._limits.body_s + expected / self._limits.slowest_bytes_per_s
        if self._current is None:
            self.deadline = self._loop.time() + patience
            if "100-continue" in exchange.request.headers.get("expect", "").lower():
                if too_large:
                    self._closing = True  # the body will not be read: answer now, then close
                    exchange.request.keep_alive = False
                    self._enqueue(exchange)
                elif exchange.refusal is None and self._transport is not None:
                    self._transport.write(CONTINUE)

    def _too_large(self, exchange: Exchange) -> None:
        limit = self._body_limit
        exchange.refusal = (
            413,
            "RequestEntityTooLargeException",
            f"Request must be smaller than {limit} bytes",
        )

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body; past the limit it is read and thrown away, so that the answer can be read."""
        exchange = self._reading
        if exchange is None or self._closing:
            return
        self._body_bytes += len(chunk)
        if self._body_bytes > self._body_limit:
            self._body.clear()
            self._too_large(exchange)
            if self._body_bytes > self._limits.discarded_bytes:
                self._closing = True
                exchange.request.keep_alive = False
                self._enqueue(exchange)
        else:
            self._body.append(chunk)

    def on_message_complete(self) -> None:
        """A request is whole."""
        exchange = self._reading
        if exchange is None or self._closing:
            return
        body = self._body
        if body:
            exchange.request.body = body[0] if len(body) == 1 else b"".join(body)
            self._body = []
        self._reading = None
        if not exchange.request.keep_alive:
            self._closing = True
        self._enqueue(exchange)

    # --- one request after the other ---

    def _enqueue(self, exchange: Exchange) -> None:
        if self._current is not None or self._waiting:
            self._waiting.append(exchange)
            if len(self._waiting) >= self._limits.pipelined and not self._paused and self._transport:
                self._paused = True
                self._transport.pause_reading()
            return
        self._dispatch(exchange)

    def _dispatch(self, exchange: Exchange) -> None:
        self._current = exchange
        self.deadline = NEVER
        handler = self._registry.handler
        if exchange.refusal is not None:
            handler.refuse(exchange, *exchange.refusal)
        else:
            handler.handle(exchange)

    def _poison(self, refusal: tuple[int, str, str]) -> None:
        """What came cannot be read as a request: answer so in its turn, then close."""
        request = self._reading.request if self._reading else Request("GET", "/", self._headers)
        request.keep_alive = False
        exchange = Exchange(self, request)
        exchange.refusal = refusal
        self._closing = True
        self._enqueue(exchange)

    # --- answers (exchange.Connection) ---

    def date_line(self) -> bytes:
        """The Date header's line."""
        return self._registry.clock.date()

    def must_close(self) -> bool:
        """Whether the connection ends with the current answer."""
        current = self._current
        return self._registry.stopping or (current is not None and not current.request.keep_alive)

    def send(self, chunk: bytes, most_unsent: int = 0) -> bool:
        """Write; False when the client is gone or has too much unread."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        transport.write(chunk)
        if transport.get_write_buffer_size() > (most_unsent or self._limits.unsent_bytes):
            transport.abort()
            return False
        return True

    def answered(self, exchange: Exchange) -> None:
        """Go on with the next request, or close."""
        if exchange is not self._current:
            return
        close = self.must_close()
        self._current = None
        transport = self._transport
        if transport is None:
            return
        if close or (self._closing and not self._waiting):
            self._waiting.clear()
            self._closing = True
            transport.close()
        elif self._waiting:
            # Not at once: a chain of ready answers must not recurse.
            self._loop.call_soon(self._next)
        else:
            self.deadline = self._loop.time() + self._limits.idle_s

    def _next(self) -> None:
        if self._current is not None or not self._waiting:
            return
        exchange = self._waiting.popleft()
        if self._paused and self._transport is not None and len(self._waiting) < self._limits.pipelined // 2:
            self._paused = False
            self._transport.resume_reading()
        self._dispatch(exchange)

    # --- the listener's side ---

    @property
    def is_busy(self) -> bool:
        """Whether an answer is due."""
        return self._current is not None or bool(self._waiting)

    def close_if_idle(self) -> None:
        """End a connection that waits for nothing."""
        if not self.is_busy and self._transport is not None:
            self._transport.close()

    def expire(self) -> None:
        """The deadline has passed: a client too slow to be served."""
        if self._transport is not None:
            self._transport.abort()
