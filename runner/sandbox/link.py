"""The gateway's end of a sandbox's unix socket: frames in and out, no task or future per request. Knows no
functions."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from runner.sandbox.frames import BIND, Decoder, FrameError, frame, invoke_frame

OnFrame = Callable[[int, bytes], None]


class Channel(Protocol):
    """How a sandbox is spoken to, whatever it speaks: lean frames or the HTTP Runtime API."""

    def send_bind(self, body: bytes) -> None:
        """Hand over handler and environment."""
        ...

    def send_invoke(self, header: Mapping[str, Any], payload: bytes) -> None:
        """Hand over an event."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Link(asyncio.Protocol):
    """One connection. `on_frame` is called for each frame, `on_lost` once when the other side is gone."""

    def __init__(self, on_frame: OnFrame, on_lost: Callable[[], None]) -> None:
        self._decoder = Decoder()
        self._on_frame = on_frame
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The runtime inside has connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes from the sandbox, which may be hostile."""
        if self._decoder.whole(data):
            self._on_frame(data[4], data[5:])
            return
        try:
            for kind, body in self._decoder.feed(data):
                self._on_frame(kind, body)
        except FrameError:
            self.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """The other side has closed, or the process is gone."""
        self._transport = None
        self._on_lost()

    def send_bind(self, body: bytes) -> None:
        """Hand over handler and environment."""
        self._write(frame(BIND, body))

    def send_invoke(self, header: Mapping[str, Any], payload: bytes) -> None:
        """Hand over an event."""
        self._write(invoke_frame(header, payload))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def connect(listener: socket.socket, link: Link) -> None:
    """Wait for the runtime inside and put `link` on its connection. Only one is ever accepted."""
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    connection, _ = await loop.sock_accept(listener)
    await loop.connect_accepted_socket(lambda: link, connection)
