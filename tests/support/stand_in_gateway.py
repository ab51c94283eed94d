"""A small HTTP server on the gateway's internal socket, for tests of those who call it. Each request is answered
by a function of the test, in a thread of its own."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from django.db import connections

from runner.client import HeldView

Answer = tuple[int, dict[str, Any]]
# What the kernel holds a sandbox to when all is well.
HELD = HeldView(
    image="sha256:1",
    uid=60001,
    capabilities=0,
    no_new_privileges=True,
    seccomp=True,
    root_read_only=True,
    writable=["/tmp"],
    interfaces=["lo"],
    memory_bytes=128 * 1024 * 1024,
)


@dataclass(frozen=True)
class Asked:
    """A request: headers without their prefix `x-functory-`."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandInGateway:
    """`answer` decides; None closes the connection without an answer."""

    answer: Callable[[Asked], Answer | None] = lambda _: (200, {})
    asked: list[Asked] = field(default_factory=list)

    def requests(self, path: str) -> list[Asked]:
        return [request for request in self.asked if request.path == path]


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 1024
    gateway: StandInGateway


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        return

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        prefix = "x-functory-"
        headers = {
            name.lower().removeprefix(prefix): value
            for name, value in self.headers.items()
            if name.lower().startswith(prefix)
        }
        asked = Asked(self.path, headers, body)
        self.server.gateway.asked.append(asked)
        try:
            answered = self.server.gateway.answer(asked)
        finally:
            connections.close_all()  # this thread's own
        if answered is None:
            self.close_connection = True
            return
        status, document = answered
        reply = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(reply)))
        if status >= 400:
            self.send_header("x-amzn-errortype", document.get("code", "ServiceException"))
        self.end_headers()
        self.wfile.write(reply)


@contextmanager
def stand_in_gateway(socket: Path) -> Iterator[StandInGateway]:
    """Serve on the socket until the block ends."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    with _Server(str(socket), _Handler) as server:
        server.gateway = StandInGateway()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.gateway
        finally:
            server.shutdown()
            thread.join()
    socket.unlink(missing_ok=True)
