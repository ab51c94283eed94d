"""The lean protocol between gateway and bootstraps: length-prefixed frames of Lambda's four messages. Sans-I/O.

A frame is a 4-byte big-endian length of what follows, a type byte, and the body."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_HEAD = struct.Struct(">IB")
_LENGTH = struct.Struct(">H")
LARGEST = 16 * 1024 * 1024  # above any payload; more is a broken or hostile peer

# From the sandbox.
READY = ord("R")
BOUND = ord("B")
INIT_ERROR = ord("X")
SUCCESS = ord("S")
ERROR = ord("E")
FATAL = ord("F")  # an error after which the process ends
PRELUDE = ord("H")
CHUNK = ord("C")
STREAM_END = ord("Z")
# From the gateway.
BIND = ord("b")
INVOKE = ord("i")


class FrameError(ValueError):
    """A peer that does not speak the protocol."""


def frame(kind: int, body: bytes = b"") -> bytes:
    """One frame."""
    return _HEAD.pack(len(body) + 1, kind) + body


def invoke_frame(header: Mapping[str, Any], payload: bytes) -> bytes:
    """An event with its header: a 2-byte length, the header's JSON, the payload as it came."""
    head = msgspec.json.encode(header)
    size = 1 + 2 + len(head) + len(payload)
    return b"".join((_HEAD.pack(size, INVOKE), _LENGTH.pack(len(head)), head, payload))


class Decoder:
    """Bytes in, frames out, however the bytes were cut."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._buffer = bytearray()
        self._largest = largest

    def whole(self, data: bytes) -> bool:
        """Whether `data` is just one frame and nothing came before it, as nearly always: then its kind is data[4],
        its body data[5:], and it need not be fed."""
        return not self._buffer and len(data) >= 5 and len(data) - 4 == int.from_bytes(data[:4], "big")

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that are complete now; raises FrameError."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= 5:
            length, kind = _HEAD.unpack_from(buffer, start)
            if not 1 <= length <= self._largest:
                raise FrameError(f"a frame of {length} bytes")
            end = start + 4 + length
            if len(buffer) < end:
                break
            yield kind, bytes(memoryview(buffer)[start + 5 : end])
            start = end
        if start:
            del buffer[:start]
