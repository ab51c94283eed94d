"""The gateway's own public addresses: health, and the live tail for a browser that brings a ticket. Tickets
are made by the console, hold for a minute and are used once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec

from functions.errors import AccessDenied, UnknownOperation
from functions.tokens import read_ticket
from runner.client import Health
from runner.gateway import answers
from runner.gateway.exchange import Exchange
from runner.gateway.tail import Piece, Tail

HEARTBEAT_S = 15.0
NONCE_S = 120.0
SLOW_BYTES = 1024 * 1024  # unread: the reader is too slow, let it come again
FLOOD_PIECES = 500  # of one loop tick; more are counted, not sent


class Nonces:
    """Tickets that were used, for as long as they could be used again."""

    def __init__(self) -> None:
        self._used: dict[str, float] = {}

    def use(self, nonce: str, now: float) -> None:
        """Raises AccessDenied for one that was used before."""
        if len(self._used) > 10_000:
            self._used = {known: until for known, until in self._used.items() if until > now}
        if not nonce or self._used.get(nonce, 0) > now:
            raise AccessDenied("The ticket was used already: load the page again.")
        self._used[nonce] = now + NONCE_S


class Own:
    """Serves /_functory/ on the public listener."""

    def __init__(self, tail: Tail, key: bytes, console_url: str, health: Callable[[], Health]) -> None:
        self._tail = tail
        self._key = key
        self._console = console_url
        self._health = health
        self._nonces = Nonces()
        self._streams: set[Stream] = set()

    def close(self) -> None:
        """End every stream: browsers come again by themselves."""
        for stream in list(self._streams):
            stream.end()

    def handle(self, exchange: Exchange) -> None:
        """Route by path."""
        method, path = exchange.request.method, exchange.request.path
        if path == "/_functory/health" and method in {"GET", "HEAD"}:
            self._answer_health(exchange)
        elif path == "/_functory/tail" and method == "GET":
            self._open_tail(exchange)
        else:
            raise UnknownOperation("The gateway has no such address.")

    def _answer_health(self, exchange: Exchange) -> None:
        """To strangers only whether it is well; the console asks on the internal socket."""
        health = self._health()
        body = msgspec.json.encode({"ok": health.ok, "version": health.version})
        exchange.respond(200 if health.ok else 503, [answers.JSON, ("cache-control", "no-store")], body)

    def _open_tail(self, exchange: Exchange) -> None:
        ticket = parse_qs(exchange.request.query).get("ticket", [""])[0]
        claims = read_ticket(self._key, ticket)
        self._nonces.use(str(claims.get("nonce", "")), time.time())
        headers = [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("access-control-allow-origin", self._console),
            ("vary", "origin"),
            ("x-accel-buffering", "no"),
        ]
        if exchange.begin(200, headers):
            scope = str(claims.get("project", "")), str(claims.get("function", ""))
            self._streams.add(Stream(exchange, self._tail, *scope, self._streams.discard))


class Stream:
    """One browser that watches. Ends itself when the browser is gone or too slow."""

    def __init__(
        self,
        exchange: Exchange,
        tail: Tail,
        project_id: str,
        function_id: str,
        ended: Callable[[Stream], None],
    ) -> None:
        self._exchange = exchange
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._pending: list[Piece] = []
        self._skipped = 0
        self._stop = tail.listen(project_id, function_id, self._heard)
        self._beat = self._loop.call_later(HEARTBEAT_S, self._heartbeat)
        exchange.on_gone = self.end
        self._pending.extend(tail.recent(function_id) if function_id else ())
        exchange.write(b": open\n\n")
        self._flush()

    def _heard(self, piece: Piece) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        if len(self._pending) < FLOOD_PIECES:
            self._pending.append(piece)
        else:
            self._skipped += 1

    def _flush(self) -> None:
        pieces, self._pending = self._pending, []
        if not pieces:
            return
        if self._skipped:
            text = f"... {self._skipped} pieces skipped: more output than a live view can follow\n"
            pieces.append(msgspec.structs.replace(pieces[-1], text=text))
            self._skipped = 0
        self._send(b"".join([b"data: " + msgspec.json.encode(piece) + b"\n\n" for piece in pieces]))

    def _heartbeat(self) -> None:
        self._beat = self._loop.call_later(HEARTBEAT_S, self._heartbeat)
        self._send(b": beat\n\n")

    def _send(self, data: bytes) -> None:
        if not self._exchange.write(data, SLOW_BYTES):
            self.end()

    def end(self) -> None:
        """Stop; idempotent."""
        self._beat.cancel()
        self._stop()
        self._exchange.break_off()
        self._ended(self)
