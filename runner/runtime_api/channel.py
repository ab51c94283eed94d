"""A sandbox that is spoken to over the HTTP Runtime API: a listener inside its own network namespace, and the
small waiting program that starts the function's own runtime once the code is there."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from runner.runtime_api.protocol import RuntimeApiConnection
from runner.sandbox import frames
from runner.sandbox.driver import Container, DriverError
from runner.sandbox.link import Link, OnFrame

PORT = 9001
# A runtime has one connection, or a few; each costs the gateway a descriptor.
_MOST_CONNECTIONS = 32


class RuntimeApiChannel:
    """Offers the link's messages by HTTP. The first `next` means that init is over."""

    def __init__(self, container: Container, link: Link, on_frame: OnFrame) -> None:
        self._container = container
        self._link = link
        self._on_frame = on_frame
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._connections: set[RuntimeApiConnection] = set()
        self._waiting: deque[RuntimeApiConnection] = deque()
        self._event: tuple[Mapping[str, Any], bytes] | None = None
        self._running = ""
        self._bound = False

    # --- the gateway's side ---

    def send_bind(self, body: bytes) -> None:
        """Listen inside, then let the waiting program start the function's runtime."""
        self._opening = asyncio.get_running_loop().create_task(self._open(body))

    def send_invoke(self, header: Mapping[str, Any], payload: bytes) -> None:
        """Offer an event to the runtime that waits for the next, or to the first that asks."""
        self._running = str(header["id"])
        self._event = (header, payload)
        self._offer()

    def close(self) -> None:
        """Stop listening and hang up."""
        if self._opening is not None:
            self._opening.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        self._link.close()

    async def _open(self, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            listener = await loop.run_in_executor(None, self._container.listen_inside, PORT)
        except DriverError as error:
            document = {"errorType": "Runtime.Unknown", "errorMessage": str(error)}
            self.init_error(json.dumps(document).encode())
            return
        self._server = await loop.create_server(lambda: RuntimeApiConnection(self), sock=listener)
        self._link.send_bind(body)

    # --- the runtime's side ---

    def opened(self, connection: RuntimeApiConnection) -> bool:
        """Somebody inside has connected; False when there are too many."""
        if len(self._connections) >= _MOST_CONNECTIONS:
            return False
        self._connections.add(connection)
        return True

    def next(self, connection: RuntimeApiConnection) -> None:
        """A runtime asks for the next event and waits."""
        self._waiting.append(connection)
        if not self._bound:
            self._bound = True
            self._on_frame(frames.BOUND, b"{}")
        self._offer()

    def result(self, request_id: str, kind: int, body: bytes) -> bool:
        """The end of a call; False when that call is not the one that runs."""
        if not self._running or request_id != self._running:
            return False
        self._running = ""
        # After the runtime has its answer, so that its output is flushed before the request's is taken.
        asyncio.get_running_loop().call_soon(self._on_frame, kind, body)
        return True

    def init_error(self, body: bytes) -> None:
        """The code could not start."""
        self._on_frame(frames.INIT_ERROR, body)

    def gone(self, connection: RuntimeApiConnection) -> None:
        """A connection was closed."""
        self._connections.discard(connection)
        if connection in self._waiting:
            self._waiting.remove(connection)

    def _offer(self) -> None:
        if self._event is None or not self._waiting:
            return
        connection = self._waiting.popleft()
        (header, payload), self._event = self._event, None
        connection.answer(200, _event_headers(header), payload)


def _event_headers(header: Mapping[str, Any]) -> dict[str, str]:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": str(header["id"]),
        "Lambda-Runtime-Deadline-Ms": str(header["deadline_ms"]),
        "Lambda-Runtime-Invoked-Function-Arn": str(header["arn"]),
    }
    optional = {
        "Lambda-Runtime-Trace-Id": "trace",
        "Lambda-Runtime-Client-Context": "client",
        "Lambda-Runtime-Cognito-Identity": "identity",
    }
    return headers | {name: _one_line(str(header[key])) for name, key in optional.items() if header.get(key)}


def _one_line(text: str) -> str:
    """A caller writes these, a client context with line breaks if he likes: they must not become headers of
    their own. Between the tokens of JSON a space means the same."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
