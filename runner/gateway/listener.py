"""Accepting connections, ending slow ones, and stopping in three phases: no new connections, then no new
requests, then whatever is left is cut. Knows no routes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import stat
from pathlib import Path

from functions.config import Address
from runner.gateway.http import Handler, HttpConnection
from runner.gateway.wire import Clock, Limits

SWEEP_S = 1.0
BACKLOG = 1024


class Listener:
    """One listening address with its connections."""

    def __init__(self, handler: Handler, limits: Limits | None = None) -> None:
        self.handler = handler
        self.limits = limits or Limits()
        self.clock = Clock()
        self.stopping = False
        self._connections: set[HttpConnection] = set()
        self._servers: list[asyncio.Server] = []
        self._empty = asyncio.Event()
        self._empty.set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def listen_tcp(self, address: Address, tls: ssl.SSLContext | None = None) -> int:
        """Listen on a TCP address; returns the port (asked for as 0, it is a free one)."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: HttpConnection(self, loop), address.host, address.port, backlog=BACKLOG, ssl=tls
        )
        self._servers.append(server)
        self._sweep()
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def listen_unix(self, path: Path, group: int | None = None) -> None:
        """Listen on a unix socket of mode 0660; a socket that a dead process left is replaced."""
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(
            lambda: HttpConnection(self, loop), sock=bound_socket(path, group), backlog=BACKLOG
        )
        self._servers.append(server)
        self._sweep()

    def opened(self, connection: HttpConnection) -> bool:
        """Note a new connection; False when there are too many or the listener stops."""
        if self.stopping or len(self._connections) >= self.limits.connections:
            return False
        self._connections.add(connection)
        self._empty.clear()
        return True

    def closed(self, connection: HttpConnection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def keep_deadlines(self) -> None:
        """Look for connections past their deadlines from now on, every second."""
        if self._sweeper is None:
            self._sweep()

    def _sweep(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        loop = asyncio.get_running_loop()
        self.expire(loop.time())
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)

    def expire(self, now: float) -> None:
        """Cut every connection whose deadline has passed."""
        for connection in [one for one in self._connections if one.deadline < now]:
            connection.expire()

    async def stop(self, grace_s: float) -> None:
        """Stop accepting, let running requests end for up to `grace_s`, cut the rest."""
        self.stopping = True
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.close_if_idle()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), grace_s)
        for connection in list(self._connections):
            connection.expire()
        if self._sweeper is not None:
            self._sweeper.cancel()


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What the public address is encrypted with, None for plain HTTP; raises OSError or ssl.SSLError."""
    if certificate is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def bound_socket(path: Path, group: int | None) -> socket.socket:
    """A unix socket bound at `path`, mode 0660, owned by `group` if told so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    bound.bind(str(path))
    path.chmod(0o660)
    if group is not None:
        os.chown(path, -1, group)
    return bound
