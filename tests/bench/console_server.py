"""The `web` processes that are measured, for people and for programs, and a gateway that answers for the real one."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
from django.conf import settings

from functions.config import REPOSITORY
from functions.models import Function, Project
from runner.client import Health, HostView, SandboxesView, SandboxView, SupplyView
from runner.supervisor.web import Role
from tests.bench.console_asking import UnixConnection
from tests.support.stack import wait_for
from tests.support.stand_in_gateway import HELD, stand_in_gateway

SANDBOXES = 200


@contextlib.contextmanager
def running_web(role: Role = Role.CONSOLE) -> Iterator[int]:
    """`manage.py web` as the supervisor starts it; yields its process id."""
    words = ["--relay"] if role is Role.RELAY else []
    process = subprocess.Popen(
        [sys.executable, "manage.py", "web", *words],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for("web answers", lambda: _answers(connection_to(role)), 60)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def connection_to(role: Role) -> http.client.HTTPConnection:
    """Where one of them listens."""
    if role is Role.RELAY:
        return UnixConnection(settings.FUNCTORY.web_socket)
    address = settings.FUNCTORY.console
    return http.client.HTTPConnection(address.host, address.port, timeout=120)


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
        held = msgspec.to_builtins(HELD)
        answers |= {f"/_functory/sandboxes/{box.id}/held": held for box in boxes}
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


def _answers(connection: http.client.HTTPConnection) -> bool:
    connection.request("GET", "/log-in")
    return connection.getresponse().status < 500
