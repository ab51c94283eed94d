"""The Lambda Runtime API over HTTP, one connection: next, response, error and init error become the same frames
that lean bootstraps send. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

from __future__ import annotations

import asyncio
import json
from typing import Protocol, cast

import httptools

from functions.limits import SYNC_PAYLOAD
from runner.sandbox import frames

PREFIX = "/2018-06-01/runtime/"
_LARGEST_BODY = SYNC_PAYLOAD + 64 * 1024
_LARGEST_HEAD = 64 * 1024  # request line and headers; the parser itself has no limit
# AWS's clients say there what X-Ray is to show of an error, and stop at 1 MB; nothing here reads it.
_CAUSE, _LARGEST_CAUSE = b"lambda-runtime-function-xray-error-cause", 1024 * 1024


class Refused(Exception):
    """What no runtime sends; the parser hands it on as an error of its own."""


class Host(Protocol):
    """What the connections of one sandbox share."""

    def opened(self, connection: RuntimeApiConnection) -> bool:
        """Somebody inside has connected; False when there are too many."""
        ...

    def next(self, connection: RuntimeApiConnection) -> None:
        """A runtime asks for the next event and waits."""
        ...

    def result(self, request_id: str, kind: int, body: bytes) -> bool:
        """The end of a call; False when that call is not the one that runs."""
        ...

    def init_error(self, body: bytes) -> None:
        """The code could not start."""
        ...

    def gone(self, connection: RuntimeApiConnection) -> None:
        """A connection was closed."""
        ...


class RuntimeApiConnection(asyncio.Protocol):
    """One keep-alive connection; requests are answered in order, one at a time."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = bytearray()
        self._body = bytearray()
        self._head_size = 0
        self._expects = False
        self._waits = False
        self._last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody inside has connected."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._host.opened(self):
            self.close()

    def data_received(self, data: bytes) -> None:
        """Bytes from inside, which may be hostile."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None and not self._transport.is_closing():
                self.answer(400, {}, _error("BadRequest", "The request cannot be read."))
                self.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """They have gone."""
        self._transport = None
        self._host.gone(self)

    def on_url(self, url: bytes) -> None:
        """Part of the request line."""
        self._count(len(url))
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; only one of them matters."""
        known = name.lower()
        self._count(len(name) + (0 if known == _CAUSE and len(value) <= _LARGEST_CAUSE else len(value)))
        if known == b"expect":
            self._expects = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """The body follows; curl waits a second with a large one unless it is asked for."""
        if self._expects and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body; what is over the limit is counted but not kept."""
        if len(self._body) <= _LARGEST_BODY:
            self._body += body

    def on_message_complete(self) -> None:
        """A whole request."""
        method = self._parser.get_method()
        path, body = self._url.decode("latin-1").partition("?")[0], bytes(self._body)
        self._url, self._body, self._head_size, self._expects = bytearray(), bytearray(), 0, False
        self._last = not self._parser.should_keep_alive()
        if self._waits:
            raise Refused("a request before the last one was answered")
        self._route(method, path, body)

    def _count(self, size: int) -> None:
        self._head_size += size
        if self._head_size > _LARGEST_HEAD:
            raise Refused("request line and headers are too large")

    def _route(self, method: bytes, path: str, body: bytes) -> None:
        parts = path.removeprefix(PREFIX).split("/") if path.startswith(PREFIX) else []
        match method, parts:
            case b"GET", ["invocation", "next"]:
                self._waits = True
                self._host.next(self)
            case b"POST", ["invocation", request_id, ("response" | "error") as what]:
                self._result(request_id, what, body)
            case b"POST", ["init", "error"]:
                self._host.init_error(body)
                self.answer(202, {}, b'{"status":"OK"}')
            case _:
                self.answer(
                    404, {}, _error("NotFound", f"{path[:200]} is not an address of the Runtime API.")
                )

    def _result(self, request_id: str, what: str, body: bytes) -> None:
        if len(body) > _LARGEST_BODY:
            message = f"Exceeded maximum allowed payload size ({SYNC_PAYLOAD} bytes)."
            too_large = _error("Function.ResponseSizeTooLarge", message)
            self._host.result(request_id, frames.ERROR, too_large)
            self.answer(413, {}, _error("RequestEntityTooLarge", message))
            return
        kind = frames.SUCCESS if what == "response" else frames.ERROR
        if self._host.result(request_id, kind, body):
            self.answer(202, {}, b'{"status":"OK"}')
        else:
            self.answer(400, {}, _error("InvalidRequestID", "Invalid request ID"))

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Write one answer."""
        self._waits = False
        if self._transport is None:
            return
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Length: {len(body)}"]
        lines += [
            f"{name}: {value}" for name, value in {"Content-Type": "application/json", **headers}.items()
        ]
        self._transport.write("\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body)
        if self._last:
            self.close()

    def close(self) -> None:
        """Hang up after what was written."""
        if self._transport is not None:
            self._transport.close()


_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 413: "Payload Too Large"}


def _error(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
