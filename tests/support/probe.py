"""A runtime that does what a test tells it: the other end of a sandbox's socket, without any function. Each
request is one line of JSON with Python source; the answer is the value of `result`, or the error."""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Callable
from typing import Any

from runner.sandbox.driver import Container

SOURCE = """
import json, socket, sys
channel = socket.socket(socket.AF_UNIX)
channel.connect("/run/functory/s.sock")
lines = channel.makefile("rw")
for line in lines:
    scope = {}
    try:
        exec(json.loads(line), scope)
        answer = {"result": scope.get("result")}
    except BaseException as error:
        answer = {"error": type(error).__name__, "errno": getattr(error, "errno", None), "words": str(error)}
    lines.write(json.dumps(answer) + "\\n")
    lines.flush()
"""
COMMAND = ("/usr/bin/python3", "-B", "-u", "-c", SOURCE)


class ProbeError(Exception):
    """What was raised inside."""

    def __init__(self, name: str, errno: int | None, words: str) -> None:
        super().__init__(f"{name}: {words}")
        self.name, self.errno = name, errno


class Probe:
    """A container's runtime, asked in lines. `remove` and other deeds of the container are the test's."""

    def __init__(self, container: Container, connection: socket.socket) -> None:
        self.container = container
        self._connection = connection
        self._lines = connection.makefile("rw")

    @classmethod
    def meet(cls, container: Container, limit_s: float = 20.0) -> Probe:
        """Wait for the runtime to connect."""
        listener = container.listener()
        assert select.select([listener], [], [], limit_s)[0], "the runtime did not connect"
        connection, _ = listener.accept()
        connection.settimeout(60.0)
        return cls(container, connection)

    def ask(self, source: str) -> Any:
        """Run source inside and return what it left in `result`; raises ProbeError."""
        self.send(source)
        return self.receive()

    def send(self, source: str) -> None:
        """Without waiting for the answer."""
        self._lines.write(json.dumps(source) + "\n")
        self._lines.flush()

    def receive(self) -> Any:
        """The answer to what was sent; ConnectionResetError when the runtime has ended."""
        line = self._lines.readline()
        if not line:
            raise ConnectionResetError("the runtime has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise ProbeError(answer["error"], answer["errno"], answer["words"])
        return answer["result"]

    def silent_for(self, seconds: float) -> bool:
        """Whether no answer comes."""
        return not select.select([self._connection], [], [], seconds)[0]

    def output_until(self, enough: Callable[[bytes], bool], limit_s: float = 20.0) -> bytes:
        """What it has written, once that is enough."""
        found = b""
        while not enough(found):
            assert select.select([self.container.output()], [], [], limit_s)[0], f"only {found!r}"
            found += _read(self.container.output())
        return found

    def close(self) -> None:
        """Let go of the connection."""
        self._lines.close()
        self._connection.close()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return b""
