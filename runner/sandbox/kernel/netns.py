"""Listening inside a container's own network namespace, so that a sandbox without any network still reaches
the gateway at 127.0.0.1. Knows no protocol."""

from __future__ import annotations

import fcntl
import socket
import struct

from runner.sandbox.kernel.namespaces import NamespaceThread

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_BACKLOG = 64


def listen_inside(thread: NamespaceThread, pidfd: int, port: int) -> socket.socket:
    """A non-blocking TCP listener on 127.0.0.1:port in the process's network namespace; raises OSError."""
    return thread.in_network(pidfd, lambda: _listen(port)).result()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        _raise_loopback(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _raise_loopback(probe: socket.socket) -> None:
    request = struct.pack("16sH14x", b"lo", 0)
    flags = struct.unpack("16sH14x", fcntl.ioctl(probe, _SIOCGIFFLAGS, request))[1]
    if not flags & _IFF_UP:
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))
