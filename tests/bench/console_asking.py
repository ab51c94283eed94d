"""Requests to a server of the console's, one after the other over one connection, and what each made it compute."""

from __future__ import annotations

import ctypes
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import Client

from functions.models import User
from tests.bench.console_table import Sample

LONGEST_S = 4.0  # for one page: one that takes seconds is not asked so often
FEWEST = 3


@dataclass(frozen=True)
class Question:
    """One request."""

    path: str
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Asking:
    """One caller's connection. `server` is the process whose children answer."""

    def __init__(self, server: int, connect: Callable[[], http.client.HTTPConnection]) -> None:
        self._meter = _Meter([server, *_database_servers()])
        self._connection = connect()

    def status(self, question: Question) -> int:
        """The status of an answer; templates and the like are read from disk now."""
        return self._ask(question)[0]

    def samples(self, questions: Iterable[Question]) -> list[Sample]:
        """What each takes. Raises RuntimeError for one that is refused."""
        found: list[Sample] = []
        until = time.monotonic() + LONGEST_S
        for question in questions:
            if len(found) >= FEWEST and time.monotonic() > until:
                break
            computed, began = self._meter.now_s(), time.perf_counter()
            status, size, text = self._ask(question)
            wall_s = time.perf_counter() - began
            if status >= 400:
                raise RuntimeError(f"{question.method} {question.path}: {status} {text[:300]!r}")
            found.append(Sample(wall_s * 1000, (self._meter.now_s() - computed) * 1000, size))
        return found

    def _ask(self, question: Question) -> tuple[int, int, bytes]:
        try:
            return self._exchange(question)
        except (http.client.RemoteDisconnected, BrokenPipeError):  # it has idled for too long
            self._connection.close()
            return self._exchange(question)

    def _exchange(self, question: Question) -> tuple[int, int, bytes]:
        self._connection.request(
            question.method, question.path, body=question.body, headers=dict(question.headers)
        )
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, len(text), text


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=120)
        self._path = path

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(120)
        self.sock.connect(str(self._path))


class _Meter:
    """What some processes and their children compute: a database server makes one for each connection."""

    def __init__(self, parents: list[int]) -> None:
        self._parents = parents

    def now_s(self) -> float:
        """Seconds of processor time so far."""
        total = 0.0
        for process in _with_children(self._parents):
            with suppress(OSError):  # it has ended
                total += time.clock_gettime(_clock_of(process))
        return total


def session_headers(user: User) -> dict[str, str]:
    """What a logged-in browser sends."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}",
        "Host": str(settings.FUNCTORY.console),
    }


def queries_of(user: User, path: str) -> list[tuple[float, str]]:
    """Each query of a page, asked in this process, with its milliseconds."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    asked: list[tuple[float, str]] = []

    def timed(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, parameters, many, context)
        finally:
            asked.append(((time.perf_counter() - began) * 1000, sql))

    with connections["default"].execute_wrapper(timed), connections["telemetry"].execute_wrapper(timed):
        answer = client.get(path, headers={"host": str(settings.FUNCTORY.console)})
        if answer.streaming:
            b"".join(answer.streaming_content)
    return asked


def _clock_of(process: int) -> int:
    """The clock of what a process computes, to the nanosecond (clock_getcpuclockid(3))."""
    clock = ctypes.c_int()
    if ctypes.CDLL(None).clock_getcpuclockid(process, ctypes.byref(clock)):
        raise ProcessLookupError(process)
    return clock.value


def _with_children(parents: list[int]) -> list[int]:
    found = list(parents)
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _parent(int(entry)) in parents:
            found.append(int(entry))
    return found


def _parent(process: int) -> int:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def _database_servers() -> list[int]:
    """PostgreSQL's main process, if that is what holds the rows and runs here."""
    connection = connections["telemetry"]
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return [_parent(cursor.fetchone()[0])]
