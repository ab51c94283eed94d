"""A real redis-server on a unix socket of its own, for tests marked `redis`. Import the fixtures into the
conftest.py of the folder that needs them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from functions import queues
from tests.support.waiting import wait_until

SAFE = ("--appendonly", "yes", "--appendfsync", "always")


class RedisServer:
    """One server; its data outlives `kill` and `stop`, so that `start` is a restart."""

    def __init__(self) -> None:
        # Directly below /tmp: a unix socket's path is limited to 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="frd-", dir="/tmp"))
        self.socket = self.directory / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", "", *SAFE]
        self._child = subprocess.Popen(
            [*command, "--dir", str(self.directory)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers)

    def stop(self) -> None:
        """Let it write what it has and end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._end(signal.SIGKILL)

    def client(self) -> redis.Redis:
        """A new connection pool."""
        return redis.Redis.from_url(self.url)

    def remove(self) -> None:
        """End it and delete its data."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _end(self, number: int) -> None:
        if self._child is not None:
            self._child.send_signal(number)
            self._child.wait()
            self._child = None

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@pytest.fixture(scope="session")
def shared_redis_server() -> Iterator[RedisServer]:
    """The session's server; use `redis_server`."""
    server = RedisServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def redis_server(shared_redis_server, settings) -> Iterator[RedisServer]:
    """An empty server that settings.FUNCTORY and functions.queues point at. A test that stops it must start
    it again."""
    with shared_redis_server.client() as client:
        client.flushall()
    settings.FUNCTORY = replace(settings.FUNCTORY, redis_url=shared_redis_server.url)
    queues.connection.cache_clear()
    yield shared_redis_server
    queues.connection.cache_clear()


@pytest.fixture
def redis_client(redis_server) -> Iterator[redis.Redis]:
    """A client of the empty server."""
    with redis_server.client() as client:
        yield client
