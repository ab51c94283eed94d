"""One request with the right to answer it: at once, or in pieces. Knows its connection and no routing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from functions.errors import FunctoryError
from functions.protocols import WireProtocol
from runner.gateway.wire import BODILESS, Headers, Request, header_block, status_line

CLOSE = b"connection: close\r\n"
COPIED = 64 * 1024  # bytes: a shorter body goes out in one piece with its head
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(Protocol):
    """What an exchange needs from the connection that it belongs to."""

    def date_line(self) -> bytes:
        """The Date header's line."""
        ...

    def must_close(self) -> bool:
        """Whether the connection ends with this answer."""
        ...

    def send(self, chunk: bytes, most_unsent: int = 0) -> bool:
        """Write; False when the client is gone or has more than `most_unsent` bytes unread (0: the usual)."""
        ...

    def unsent(self) -> int:
        """Bytes that the client has not taken yet."""
        ...

    def answered(self, exchange: Exchange) -> None:
        """The answer is complete."""
        ...


class Exchange:
    """The request and its answer. `answered` only once; `protocol` says how a refusal looks; `on_gone` is called when
    the client leaves before the end of a streamed answer, `on_refused` (error, request id) when it is refused before
    it became a call."""

    __slots__ = (
        "_chunked", "_connection", "done", "on_gone", "on_refused", "protocol", "refusal", "request", "started",
    )  # fmt: skip

    def __init__(self, connection: Connection, request: Request) -> None:
        self.request = request
        self.protocol = WireProtocol.REST_JSON
        self.refusal: tuple[int, str, str] | None = None
        self.started = False
        self.done = False
        self.on_gone: Callable[[], None] | None = None
        self.on_refused: Callable[[FunctoryError, str], None] | None = None
        self._connection = connection
        self._chunked = False

    def respond(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """Send the whole answer. Content length and date are added; a HEAD request gets no body."""
        if self.done:
            return
        if status in BODILESS or self.request.method == "HEAD":
            self._respond_bodiless(status, headers, len(body))
            return
        self.respond_with(status_line(status) + header_block(headers), body)

    def respond_with(self, head: bytes, body: bytes) -> None:
        """Send the whole answer under a head that is written already, but for what is the connection's."""
        if self.done:
            return
        self.started = self.done = True
        connection = self._connection
        close = CLOSE if connection.must_close() else b""
        head = b"%bcontent-length: %d\r\n%b%b\r\n" % (head, len(body), connection.date_line(), close)
        if len(body) < COPIED:
            connection.send(head + body)
        else:
            connection.send(head)
            connection.send(body)
        connection.answered(self)

    def _respond_bodiless(self, status: int, headers: Headers, length: int) -> None:
        self.started = self.done = True
        connection = self._connection
        said = b"" if status in BODILESS else b"content-length: %d\r\n" % length
        close = CLOSE if connection.must_close() else b""
        head = status_line(status), header_block(headers), said, connection.date_line(), close, b"\r\n"
        connection.send(b"".join(head))
        connection.answered(self)

    def begin(self, status: int, headers: Headers, length: int | None = None) -> bool:
        """Send the head of a streamed answer, of `length` bytes where that is known; False when the client is
        gone."""
        self.started = True
        self._chunked = self.request.version == "1.1" and status not in BODILESS and length is None
        if not self._chunked and length is None:
            self.request.keep_alive = False
        head = [status_line(status), header_block(headers), self._connection.date_line()]
        if self._chunked:
            head.append(b"transfer-encoding: chunked\r\n")
        if length is not None:
            head.append(b"content-length: %d\r\n" % length)
        if self._connection.must_close():
            head.append(CLOSE)
        head.append(b"\r\n")
        return self._connection.send(b"".join(head))

    def write(self, chunk: bytes, most_unsent: int = 0) -> bool:
        """Send a piece of a streamed answer; False when the client is gone or too slow."""
        if self.done or not chunk or self.request.method == "HEAD":
            return not self.done
        if self._chunked:
            chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)
        return self._connection.send(chunk, most_unsent)

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken yet: whoever can wait, waits before it writes more."""
        return self._connection.unsent()

    def finish(self) -> None:
        """End a streamed answer."""
        if self.done:
            return
        self.done = True
        if self._chunked and self.request.method != "HEAD":
            self._connection.send(b"0\r\n\r\n")
        self._connection.answered(self)

    def break_off(self) -> None:
        """End a streamed answer so that the client sees that it is not whole."""
        if not self.done:
            self.request.keep_alive = False
            self.done = True
            self._connection.answered(self)
