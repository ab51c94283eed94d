"""HTTP/1.1 as values: a parsed request, the limits it is held to, and how an answer's head is written.
Pure: no sockets, no routing."""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path

MB = 1024 * 1024
STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii") for status in HTTPStatus
}
BODILESS = frozenset({204, 304})
Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take up: bytes, seconds, counts. Where `spool_folder` is one, bodies that may be larger than
    `unspooled_bytes`, which no call's payload is, lie there once they are larger than `held_bytes`."""

    header_bytes: int = 64 * 1024
    header_s: float = 10.0
    idle_s: float = 75.0
    body_s: float = 30.0
    slowest_bytes_per_s: int = 64 * 1024
    write_stall_s: float = 60.0
    pipelined: int = 16
    connections: int = 10_000
    discarded_bytes: int = 64 * MB
    held_bytes: int = 1 * MB
    unspooled_bytes: int = 8 * MB
    spool_folder: Path | None = None
    unsent_bytes: int = 16 * MB


class Request:
    """One parsed request. `path` and `query` are as sent (percent-encoded); header names are lower-case,
    repeated headers are joined with commas, cookies with semicolons. A body that is too large to be held is
    `spooled`, and `body` is empty."""

    __slots__ = (
        "body", "headers", "keep_alive", "method", "path", "peer", "query", "spooled", "version",
    )  # fmt: skip

    def __init__(self, method: str, target: str, headers: dict[str, str], version: str = "1.1") -> None:
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.version = version
        self.body: bytes = b""
        self.spooled: mmap.mmap | None = None
        self.keep_alive = True
        self.peer = ""

    @property
    def host(self) -> str:
        """The Host header in lower case, without its port."""
        host = self.headers.get("host", "").lower()
        if host.startswith("["):
            return host.partition("]")[0] + "]"
        return host.partition(":")[0]


def origin_form(target: str) -> str:
    """The path and query of a request target: `http://host/path` (absolute form) becomes `/path`."""
    if target.startswith("/") or target == "*":
        return target
    _, separator, rest = target.partition("://")
    if not separator:
        return "/"
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else "/"


def join_header(headers: dict[str, str], name: str, value: str) -> None:
    """Add a repeated header line to what stands under its name (in lower case)."""
    headers[name] += ("; " if name == "cookie" else ",") + value


class Clock:
    """The Date header, formatted once a second."""

    __slots__ = ("_line", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def date(self) -> bytes:
        """`date: ...` with its line end."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._line = f"date: {formatdate(second, usegmt=True)}\r\n".encode("ascii")
        return self._line


def status_line(status: int) -> bytes:
    """The first line of an answer; a function may choose a status that has no standard phrase."""
    return STATUS_LINES.get(status) or f"HTTP/1.1 {status} Status\r\n".encode("ascii")


def header_block(headers: Headers) -> bytes:
    """Header lines as sent. The caller has made sure that no value holds a line end."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1", "replace")


def is_clean(name: str, value: str) -> bool:
    """Whether a header that a function chose can be sent as it is: a token and no control characters."""
    return (
        bool(name)
        and name.isascii()
        and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
        and not any((ord(letter) < 32 and letter != "\t") or ord(letter) == 127 for letter in value)
    )
