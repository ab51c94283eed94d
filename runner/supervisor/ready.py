"""Whether a process answers yet: short questions that never wait for long and never raise."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from pathlib import Path

from functions.config import Address
from runner.host.engine import answers

_TIMEOUT_S = 0.5


def engine_answers(path: Path) -> bool:
    """Docker's daemon at its socket."""
    return answers(path, _TIMEOUT_S)


def redis_answers(path: Path) -> bool:
    """A Redis server that has read its file: while it reads, it answers with an error."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_TIMEOUT_S)
        link.connect(str(path))
        link.sendall(b"PING\r\n")
        return link.recv(64).startswith(b"+PONG")
    return False


def port_answers(address: Address) -> bool:
    """Somebody accepts connections."""
    with contextlib.suppress(OSError), socket.create_connection(reachable(address), _TIMEOUT_S):
        return True
    return False


def http_answers(address: Address, certificate: Path | None = None) -> bool:
    """An HTTP server gives any answer, which it cannot before its application is loaded."""
    host, port = reachable(address)
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    if certificate is not None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only asks whether it is there
        connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    return _answers(connection, "/log-in")


def http_answers_unix(path: Path, target: str = "/") -> bool:
    """The same on a unix socket."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_TIMEOUT_S)
        link.connect(str(path))
        connection = http.client.HTTPConnection("functory", timeout=_TIMEOUT_S)
        connection.sock = link
        return _answers(connection, target)
    return False


def reachable(address: Address) -> tuple[str, int]:
    """Where a listener on all addresses is reached from here."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104 - not bound here
    return host, address.port


def _answers(connection: http.client.HTTPConnection, target: str) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", target)
        return bool(connection.getresponse().status)
    return False
