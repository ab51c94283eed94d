"""What a sandbox writes to its standard output and error: read from the FIFO, cut at the marker that ends a
request's output, kept up to the flood limit. Knows no requests' meaning."""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
from collections.abc import Callable

from functions.limits import LOG_BYTES

_PIECE = 1 << 16
_NOTHING = bytes(4)
NO_OUTPUT = (b"", False)
# One visit of the event loop reads at most this much: a flood must not hold the gateway.
_PIECES_A_VISIT = 16


class Output:
    """Reads one descriptor. `on_chunk` sees every piece as it comes, for live tails. The bootstrap writes a marker
    when a request's output is complete: a secret with the request's id."""

    def __init__(self, descriptor: int, limit: int = LOG_BYTES) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._kept = bytearray()
        self._pending = b""
        self._after = bytearray()
        self._past_marker = False
        self._registered = False
        self._secret = b""
        self._request_id = ""
        self.truncated = False
        self.on_chunk: Callable[[bytes], None] | None = None

    def expect(self, secret: bytes, request_id: str) -> None:
        """What is written from now on belongs to that request."""
        self._secret = secret
        self._request_id = request_id

    @property
    def marker(self) -> bytes:
        """What ends the present request's output; b"" where nothing does. Made when there is something to cut: most
        calls write nothing."""
        return b"\x00%b%b\x00" % (self._secret, self._request_id.encode()) if self._secret else b""

    def start(self) -> None:
        """Read whenever there is something."""
        asyncio.get_running_loop().add_reader(self._descriptor, self._readable)
        self._registered = True

    def stop(self) -> None:
        """Let go of the descriptor; idempotent."""
        if self._registered:
            self._registered = False
            asyncio.get_running_loop().remove_reader(self._descriptor)

    def take(self) -> tuple[bytes, bool]:
        """All that was written up to the marker (or up to now, without one), and whether some was dropped.
        What came after the marker belongs to the next request."""
        if not self._past_marker and self._is_filled():
            self._drain()
        if self._pending and not self._past_marker:
            self._keep(self._pending)
            self._pending = b""
        if not self._kept and not self._past_marker:
            return NO_OUTPUT
        log, truncated = bytes(self._kept), self.truncated
        self._kept = bytearray()
        self.truncated = False
        self._past_marker = False
        after, self._after = bytes(self._after), bytearray()
        if after:
            self._feed(after)
        return log, truncated

    def _readable(self) -> None:
        for _ in range(_PIECES_A_VISIT):
            if not self._read_once():
                return

    def _drain(self) -> None:
        """Read what is in the pipe now: all of a finished request's output is, since the bootstrap writes
        the marker before it answers, or nothing at all. Bounded, since a child left behind may go on writing for
        ever."""
        for _ in range(_PIECES_A_VISIT):
            if not self._read_once() or self._past_marker or not self._is_filled():
                return

    def _is_filled(self) -> bool:
        """Cheaper than to read in vain, which every silent call would do."""
        try:
            return fcntl.ioctl(self._descriptor, termios.FIONREAD, _NOTHING) != _NOTHING
        except (OSError, ValueError):  # no descriptor any more: reading finds that out
            return True

    def _read_once(self) -> bool:
        try:
            data = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            return False
        except OSError:
            self.stop()
            return False
        if data:
            self._feed(data)
        return len(data) == _PIECE

    def _feed(self, data: bytes) -> None:
        if self._past_marker:
            self._after += data[: max(0, self._limit - len(self._after))]
            return
        marker = self.marker
        if not marker:
            self._keep(data)
            return
        data = self._pending + data
        at = data.find(marker)
        if at >= 0:
            self._keep(data[:at])
            self._pending = b""
            self._past_marker = True
            self._feed(data[at + len(marker) :])
            return
        held = _overlap(data, marker)
        self._pending = data[len(data) - held :]
        self._keep(data[: len(data) - held])

    def _keep(self, data: bytes) -> None:
        if not data:
            return
        if self.on_chunk is not None:
            self.on_chunk(data)
        room = self._limit - len(self._kept)
        if len(data) > room:
            self.truncated = True
            data = data[:room]
        self._kept += data


def _overlap(data: bytes, marker: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of `marker`, at most all but one of it."""
    start = max(0, len(data) - len(marker) + 1)
    while (start := data.find(marker[:1], start)) >= 0:
        if marker.startswith(data[start:]):
            return len(data) - start
        start += 1
    return 0
