"""A streamed answer of a function URL: its prelude becomes the head, its pieces the body. Knows the exchange
and no calls."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from functions import limits
from runner.gateway.exchange import Exchange
from runner.gateway.url_event import MalformedAnswer, prelude_of

Dress = Callable[[list[tuple[str, str]]], list[tuple[str, str]]]
PRELUDE = "H"
BINARY = ("content-type", "application/octet-stream")


class UrlStream:
    """Takes pieces as they come from the sandbox. `begun` once something was sent."""

    def __init__(self, exchange: Exchange, dress: Dress) -> None:
        self._exchange = exchange
        self._dress = dress
        self._sent = 0
        self._broken = False
        self.begun = False

    def take(self, kind: str, data: bytes) -> None:
        """One piece: the prelude ("H", at most once, first) or content."""
        if self._broken:
            return
        if not self.begun:
            self._begin(data if kind == PRELUDE else b"{}")
        if kind != PRELUDE and not self._broken:
            self._sent += len(data)
            if self._sent > limits.STREAMED_RESPONSE or not self._exchange.write(data):
                self._break()

    def _begin(self, prelude: bytes) -> None:
        try:
            document = msgspec.json.decode(prelude, type=dict)
            status, headers = prelude_of(document)
        except (msgspec.DecodeError, MalformedAnswer):
            status, headers = 502, [("content-type", "text/plain; charset=utf-8")]
            self._broken = True
        if not any(name == "content-type" for name, _ in headers):
            headers.append(BINARY)
        self.begun = True
        self._exchange.begin(status, self._dress(headers))
        if self._broken:
            self._exchange.write(b"Internal Server Error")
            self._exchange.finish()

    def _break(self) -> None:
        self._broken = True
        self._exchange.break_off()

    def end(self, *, whole: bool) -> None:
        """The call is over; an answer that is not whole is broken off, so that the client can tell."""
        if self._broken:
            return
        if whole:
            self._exchange.finish()
        else:
            self._break()
