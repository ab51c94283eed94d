"""The HTTP/1.1 server protocol: requests to a handler one at a time per connection (pipelined ones wait in
order), answers out, time-outs. What a request is, the reader knows; where it goes, the handler."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol, cast

from runner.gateway.exchange import CONTINUE, Exchange
from runner.gateway.reader import RequestReader
from runner.gateway.wire import Clock, Limits, Request

NEVER = float("inf")


class Handler(Protocol):
    """What answers requests. No body limit of it is below `least_body` bytes."""

    least_body: int

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
    """One client's connection. `peer` is its address, or what the listener calls it; `deadline` is on the loop's
    clock, and the listener's sweep enforces it."""

    def __init__(self, registry: Registry, loop: asyncio.AbstractEventLoop, peer: str = "") -> None:
        self._registry = registry
        self._limits = registry.limits
        self._loop = loop
        self._reader = RequestReader(self, registry.limits, registry.handler.least_body)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self.peer = peer
        self._paused = False
        self.deadline = NEVER

    # --- transport ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=1024 * 1024)
        if not self.peer:
            address = transport.get_extra_info("peername")
            self.peer = address[0] if isinstance(address, tuple) else ""
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
        """Bytes from the client."""
        self._reader.feed(data)

    def eof_received(self) -> bool:
        """The client has sent all: keep the connection while answers are due. One that leaves in the middle
        of a streamed answer looks the same, and is taken to be gone."""
        self._reader.closed = True
        return self._current is not None and not self._current.started

    def pause_writing(self) -> None:
        """The client reads too slowly: give it a while."""
        self.deadline = self._loop.time() + self._limits.write_stall_s

    def resume_writing(self) -> None:
        """It caught up."""
        self.deadline = NEVER if self._current else self._loop.time() + self._limits.idle_s

    # --- the reader's owner ---

    def exchange_for(self, request: Request) -> Exchange:
        """The exchange of a request."""
        request.peer = self.peer
        return Exchange(self, request)

    def body_limit(self, request: Request) -> int:
        """The most bytes that its body may have."""
        return self._registry.handler.body_limit(request)

    def awaits_head(self) -> None:
        """More of a request's head is to come."""
        if self._current is None:
            self.deadline = self._loop.time() + self._limits.header_s

    def awaits_body(self, exchange: Exchange, patience_s: float) -> bool:
        """More of a body is to come. Who asks first whether to send a body that is refused already need not."""
        if self._current is not None:
            return True
        self.deadline = self._loop.time() + patience_s
        if "100-continue" in exchange.request.headers.get("expect", "").lower():
            if exchange.refusal is not None:
                return False
            if self._transport is not None:
                self._transport.write(CONTINUE)
        return True

    def complete(self, exchange: Exchange) -> None:
        """A request is whole: its turn comes after the ones before it."""
        if self._current is None and not self._waiting:
            self._dispatch(exchange)
            return
        self._waiting.append(exchange)
        if len(self._waiting) >= self._limits.pipelined and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()

    def _dispatch(self, exchange: Exchange) -> None:
        self._current = exchange
        self.deadline = NEVER
        handler = self._registry.handler
        if exchange.refusal is not None:
            handler.refuse(exchange, *exchange.refusal)
        else:
            handler.handle(exchange)

    # --- answers (exchange.Connection) ---

    def date_line(self) -> bytes:
        """The Date header's line."""
        return self._registry.clock.date()

    def must_close(self) -> bool:
        """Whether the connection ends with the current answer."""
        current = self._current
        return (current is not None and not current.request.keep_alive) or self._registry.stopping

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

    def unsent(self) -> int:
        """Bytes that the client has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def answered(self, exchange: Exchange) -> None:
        """Go on with the next request, or close."""
        if exchange is not self._current:
            return
        close = self.must_close()
        self._current = None
        transport = self._transport
        if transport is None:
            return
        if close or (self._reader.closed and not self._waiting):
            self._waiting.clear()
            self._reader.closed = True
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
