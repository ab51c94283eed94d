"""The `web` process that is measured, a gateway that answers for the real one, and a visitor with a session."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec
from django.conf import settings
from django.db import connections
from django.test import Client

from functions.config import REPOSITORY
from functions.models import Function, Project, User
from runner.client import Health, HostView, SandboxesView, SandboxView, SupplyView
from tests.support.stack import wait_for
from tests.support.stand_in_gateway import stand_in_gateway

SANDBOXES = 200
LONGEST_S = 4.0  # for one page: one that takes seconds is not asked so often
FEWEST = 3
_TICKS = os.sysconf("SC_CLK_TCK")


class Asking:
    """One person's requests, one after the other over one connection."""

    def __init__(self, server: int, user: User) -> None:
        self._server = server
        address = settings.FUNCTORY.console
        self._connection = http.client.HTTPConnection(address.host, address.port, timeout=120)
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self._headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Host": str(address)}

    def first(self, path: str) -> int:
        """The status of an answer; templates and the like are read from disk now."""
        return self._get(path)[0]

    def ask(self, path: str, times: int) -> tuple[list[float], float, int]:
        """Milliseconds of each answer to its last byte, milliseconds that the server computed for one, and
        the bytes of one."""
        spent, size, before = [], 0, _cpu_s(self._server)
        until = time.monotonic() + LONGEST_S
        while len(spent) < times and (len(spent) < FEWEST or time.monotonic() < until):
            began = time.perf_counter()
            size = self._get(path)[1]
            spent.append((time.perf_counter() - began) * 1000)
        return spent, (_cpu_s(self._server) - before) * 1000 / len(spent), size

    def _get(self, path: str) -> tuple[int, int]:
        try:
            return self._exchange(path)
        except (http.client.RemoteDisconnected, BrokenPipeError):  # it has idled for too long
            self._connection.close()
            return self._exchange(path)

    def _exchange(self, path: str) -> tuple[int, int]:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, len(answer.read())


def asked_in_process(user: User, path: str) -> list[tuple[float, str]]:
    """Each query of a page with its milliseconds."""
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


@contextlib.contextmanager
def running_web() -> Iterator[int]:
    """`manage.py web` as the supervisor starts it; yields its process id."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "web"], cwd=REPOSITORY, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for("the console answers", _answers, 60)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def standing_in(project: Project) -> Iterator[None]:
    """A gateway with many sandboxes."""
    named = Function.objects.filter(project=project, deleted_at=None)[:SANDBOXES].values_list("id", "name")
    boxes = [_box(number, str(id_), name) for number, (id_, name) in enumerate(named)]
    supply = [SupplyView(runtime="python3.13", network="internet", waiting=2, wanted=2)]
    host = HostView(
        cpus=2, load=0.5, memory_mb=8000, memory_free_mb=6000, disk_free_mb=9000, committed_mb=128
    )
    health = Health(ok=True, engine="ok", sandboxes=len(boxes), journal_backlog=0, version="1")
    view = SandboxesView(sandboxes=boxes, supply=supply, host=host, recent_ends=[])
    with stand_in_gateway(settings.FUNCTORY.gateway_socket) as gateway:
        answers: dict[str, Any] = {"/_functory/health": msgspec.to_builtins(health)}
        everything_else = msgspec.to_builtins(view)
        gateway.answer = lambda asked: (200, answers.get(asked.path, everything_else))
        yield


def _box(number: int, function_id: str, name: str) -> SandboxView:
    return SandboxView(
        id=f"sb-{number}",
        function_id=function_id,
        function_name=name,
        version="2",
        runtime="python3.13",
        network="internet",
        state="idle",
        created_us=1_700_000_000_000_000,
        last_used_us=1_700_000_000_000_000,
        calls=number,
        memory_mb=128,
        memory_now=30 * 1024 * 1024,
        why="no warm one was free",
    )


def _answers() -> bool:
    address = settings.FUNCTORY.console
    connection = http.client.HTTPConnection(address.host, address.port, timeout=5)
    connection.request("GET", "/log-in")
    return connection.getresponse().status == 200


def _cpu_s(parent: int) -> float:
    """What a process and its children have computed since they began."""
    total = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            if int(entry) == parent or int(fields[1]) == parent:
                total += int(fields[11]) + int(fields[12])
    return total / _TICKS
