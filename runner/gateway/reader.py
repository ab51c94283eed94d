"""Bytes in, requests out: the reading half of the HTTP/1.1 protocol, with its limits. Sans-I/O: it tells its
owner what it read and what it refuses, and never writes."""

from __future__ import annotations

from typing import Protocol

import httptools

from runner.gateway.exchange import Exchange
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
NO_HOST = (400, "BadRequest", "The request needs exactly one Host header.")


class Owner(Protocol):
    """Who is told."""

    def exchange_for(self, request: Request) -> Exchange:
        """The exchange of a request whose head is whole."""
        ...

    def body_limit(self, request: Request) -> int:
        """The most bytes that its body may have."""
        ...

    def began(self) -> None:
        """A request starts."""
        ...

    def body_follows(self, exchange: Exchange, patience_s: float) -> bool:
        """A body is to come within that time; False when it will not be waited for: the exchange, refused
        already, is then complete."""
        ...

    def complete(self, exchange: Exchange) -> None:
        """A request is whole, or refused."""
        ...


class RequestReader:
    """Reads one connection's requests. `closed` once nothing more is read from it."""

    def __init__(self, owner: Owner, limits: Limits) -> None:
        self._owner = owner
        self._limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self._header_bytes = 0
        self.closed = False
        self._reset()

    def _reset(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._further_hosts = 0
        self._reading: Exchange | None = None
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._body_limit = 0

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
        if self._reading is None and self._header_bytes > self._limits.header_bytes:
            self._poison(HEADERS_TOO_LARGE)

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
        self._reset()
        self._owner.began()

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target += url

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
        parser, headers = self._parser, self._headers
        target = origin_form(self._target.decode("latin-1"))
        request = Request(parser.get_method().decode("ascii"), target, headers, parser.get_http_version())
        request.keep_alive = parser.should_keep_alive()
        exchange = self._reading = self._owner.exchange_for(request)
        self._header_bytes = 0
        if self._further_hosts or ("host" not in headers and request.version == "1.1"):
            exchange.refusal = NO_HOST
            request.keep_alive = False
        length = headers.get("content-length")
        if length is not None or "transfer-encoding" in headers:
            self._expect_body(exchange, int(length) if length is not None else None)

    def _expect_body(self, exchange: Exchange, length: int | None) -> None:
        self._body_limit = limit = self._owner.body_limit(exchange.request)
        if length is not None and length > limit:
            self._too_large(exchange)
        expected = limit if length is None else min(length, self._limits.discarded_bytes)
        patience = self._limits.body_s + expected / self._limits.slowest_bytes_per_s
        if not self._owner.body_follows(exchange, patience):
            self._end_with(exchange)

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
            self._body.append(chunk)
            return
        self._body.clear()
        self._too_large(exchange)
        if self._body_bytes > self._limits.discarded_bytes:
            self._end_with(exchange)

    def on_message_complete(self) -> None:
        """A request is whole."""
        exchange = self._reading
        if exchange is None or self.closed:
            return
        body = self._body
        if body:
            exchange.request.body = body[0] if len(body) == 1 else b"".join(body)
            self._body = []
        self._reading = None
        self.closed = not exchange.request.keep_alive
        self._owner.complete(exchange)
