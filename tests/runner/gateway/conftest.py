"""What the gateway's tests share: a listener on a free port and a client that speaks raw bytes."""

import asyncio
import contextlib
import shutil
import socket
import subprocess

import pytest

from functions.config import Address
from runner.gateway.listener import Listener

LOOPBACK = Address("127.0.0.1", 0)


@contextlib.asynccontextmanager
async def serving(handler, limits=None):
    """A listener with the handler; yields (port, listener)."""
    listener = Listener(handler, limits)
    port = await listener.listen_tcp(LOOPBACK)
    try:
        yield port, listener
    finally:
        await listener.stop(0)


async def talk(port, *pieces, eof=False):
    """Send the pieces, read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    if eof:
        writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.fixture(name="serving")
def serving_fixture():
    return serving


@pytest.fixture(name="talk")
def talk_fixture():
    return talk


@pytest.fixture(name="redis_url")
def redis_url_fixture(tmp_path_factory):
    """A Redis server of this test's own, on a unix socket."""
    executable = shutil.which("redis-server") or pytest.fail("redis-server is not installed")
    directory = tmp_path_factory.mktemp("redis")
    path = directory / "r.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--dir", str(directory), "--save", ""]
    server = subprocess.Popen([executable, *options], stdout=subprocess.DEVNULL)
    wait_for_socket(path, server)
    yield f"unix://{path}?db=0"
    server.terminate()
    server.wait()


def wait_for_socket(path, process):
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return
    pytest.fail("the process ended before it listened")
