"""Bytes in, requests out: the reading half of the HTTP/1.1 protocol, with its limits. Sans-I/O: it tells its
owner what it read and what it refuses, and never writes."""

from __future__ import annotations

from enum import Enum, auto
from typing import Protocol

import httptools

from runner.gateway.exchange import Exchange
from runner.gateway.spool import Spool
from runner.gateway.wire import Limits, Request, join_header, origin_form

BAD_REQUEST = (400, "BadRequest", "The request is not valid HTTP/1.1.")
HEADERS_TOO_LARGE = (431, "RequestHeaderFieldsTooLarge", "The request's headers are too large.")
# Names as they are usually sent, so that they need not be made lower each time.
KNOWN = {
    spelled.encode(): name.lower()
    for name in (
        "Host", "Authorization", "User-Agent", "Content-Type", "Content-Length", "Accept-Encoding", "Accept",
        "Connection", "Expect", "Cookie", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token",
        "X-Amz-Invocation-Type", "X-Amz-Log-Type", "X-Amz-Client-Context", "X-Amzn-Trace-Id",
        "amz-sdk-invocation-id", "amz-sdk-request",
    )
    for spelled in (name, name.lower())
}  # fmt: skip
METHODS = {name.encode(): name for name in ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")}
NO_ROOM = (
    503,
    "ServiceUnavailableException",
    "The disk is full: nothing was stored. Free some space, then try again.",
)
NO_HOST = (400, "BadRequest", "The request needs exactly one Host header.")


class Owner(Protocol):
    """Who is told."""

    def exchange_for(self, request: Request) -> Exchange:
        """The exchange of a request whose head is whole."""
        ...

    def body_limit(self, request: Request) -> int:
        """The most bytes that its body may have."""
        ...

    def awaits_head(self) -> None:
        """A request has started, and more of its head is to come."""
        ...

    def awaits_body(self, exchange: Exchange, patience_s: float) -> bool:
        """More of the body is to come within that time; False when it will not be waited for: the exchange, refused
        already, is then complete."""
        ...

    def complete(self, exchange: Exchange) -> None:
        """A request is whole, or refused."""
        ...


class Awaited(Enum):
    """What is missing of the request that has started."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


# By these names: looking a member up costs a step for each request.
_NOTHING, _HEAD, _BODY = Awaited


class RequestReader:
    """Reads one connection's requests. `closed` once nothing more is read from it. `least_body` bytes are granted to
    everybody: whether a body may be longer is asked."""

    __slots__ = (
        "_awaited", "_body", "_body_bytes", "_body_limit", "_further_hosts", "_header_bytes", "_headers",
        "_least_body", "_limits", "_owner", "_parser", "_patience_s", "_reading", "_target", "_told", "closed",
    )  # fmt: skip

    def __init__(self, owner: Owner, limits: Limits, least_body: int = 0) -> None:
        self._owner = owner
        self._limits = limits
        self._least_body = least_body
        self._header_bytes = 0
        self.closed = False
        self._awaited = self._told = _NOTHING
        self._target = b""
        self._headers: dict[str, str] = {}
        self._further_hosts = 0
        self._reading: Exchange | None = None
        self._body: list[bytes] | Spool = []
        self._body_bytes = 0
        self._body_limit = 0
        self._patience_s = 0.0
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Read on; what cannot be read as a request is refused in its turn, and ends the reading."""
        if self.closed:
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
            if not self.closed:  # what follows a last request is nobody's
                self._poison(BAD_REQUEST)
            return
        if self._awaited is not _NOTHING:
            self._wait_on()

    def _wait_on(self) -> None:
        """The request is not whole yet. Who sends it is told once how long that may take, not for every piece."""
        exchange = self._reading
        if exchange is None and self._header_bytes > self._limits.header_bytes:
            self._poison(HEADERS_TOO_LARGE)
            return
        if self._told is self._awaited or self.closed:
            return
        self._told = self._awaited
        if exchange is None:
            self._owner.awaits_head()
        elif not self._owner.awaits_body(exchange, self._patience_s):
            self._end_with(exchange)

    def _ignore_upgrade(self, data: bytes, upgrade: httptools.HttpParserUpgrade) -> None:
        """An offer to speak another protocol may be ignored (RFC 9110, 7.8): go on in HTTP/1.1."""
        self._parser = httptools.HttpRequestParser(self)
        rest = data[upgrade.args[0] :]
        if rest:
            self.feed(rest)

    def _poison(self, refusal: tuple[int, str, str]) -> None:
        request = self._reading.request if self._reading else Request("GET", "/", self._headers)
        exchange = self._owner.exchange_for(request)
        exchange.refusal = refusal
        self._end_with(exchange)

    def _end_with(self, exchange: Exchange) -> None:
        """The last request of this connection."""
        self.closed = True
        exchange.request.keep_alive = False
        self._owner.complete(exchange)

    # --- parser callbacks ---

    def on_message_begin(self) -> None:
        """A request starts."""
        self._awaited = _HEAD
        self._target = b""
        self._headers = {}
        self._further_hosts = 0
        self._reading = None

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target = self._target + url if self._target else url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line; trailers after a chunked body are dropped, nobody signed them."""
        if self._reading is not None:
            return
        key = KNOWN.get(name) or name.decode("latin-1").lower()
        headers = self._headers
        if key not in headers:
            headers[key] = value.decode("latin-1")
        elif key == "host":
            self._further_hosts += 1
        else:
            join_header(headers, key, value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """The head is whole: decide how much body may follow."""
        parser, headers, method = self._parser, self._headers, self._parser.get_method()
        target = self._target.decode("latin-1")
        if target[:1] != "/":
            target = origin_form(target)
        name = METHODS.get(method) or method.decode("ascii")
        request = Request(name, target, headers, parser.get_http_version())
        request.keep_alive = parser.should_keep_alive()
        exchange = self._reading = self._owner.exchange_for(request)
        self._awaited = _BODY
        self._header_bytes = self._body_bytes = 0
        self._body = []
        if self._further_hosts or ("host" not in headers and request.version == "1.1"):
            exchange.refusal = NO_HOST
            request.keep_alive = False
        length = headers.get("content-length")
        if length is not None:
            self._expect_body(exchange, int(length))
        elif "transfer-encoding" in headers:
            self._expect_body(exchange, None)

    def _expect_body(self, exchange: Exchange, length: int | None) -> None:
        limit = self._least_body
        if length is None or length > limit:
            limit = self._owner.body_limit(exchange.request)
        self._body_limit = limit
        if length is not None and length > limit:
            self._too_large(exchange)
        if limit > self._limits.unspooled_bytes and exchange.refusal is None:
            self._body = self._pieces(exchange, length)
        expected = limit if length is None else min(length, self._limits.discarded_bytes)
        self._patience_s = self._limits.body_s + expected / self._limits.slowest_bytes_per_s

    def _pieces(self, exchange: Exchange, length: int | None) -> list[bytes] | Spool:
        """Where the pieces of a body go that may be a large one."""
        folder = self._limits.spool_folder
        if folder is None or (length is not None and length <= self._limits.held_bytes):
            return []
        try:
            return Spool(folder)
        except OSError:
            exchange.refusal = NO_ROOM
            return []

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
        if exchange is None or self.closed:
            return
        self._body_bytes += len(chunk)
        if self._body_bytes <= self._body_limit:
            try:
                self._body.append(chunk)
            except OSError:  # of a spool, whose disk is full
                self._body.clear()
                exchange.refusal = NO_ROOM
            return
        self._body.clear()
        self._too_large(exchange)
        if self._body_bytes > self._limits.discarded_bytes:
            self._end_with(exchange)

    def on_message_complete(self) -> None:
        """A request is whole."""
        exchange = self._reading
        self._awaited = self._told = _NOTHING
        if exchange is None or self.closed:
            return
        body = self._body
        if body:
            if isinstance(body, Spool):
                exchange.request.spooled = body.mapped()
            else:
                exchange.request.body = body[0] if len(body) == 1 else b"".join(body)
            self._body = []
        self._reading = None
        self.closed = not exchange.request.keep_alive
        self._owner.complete(exchange)
