"""The page of what runs now, against a gateway's answers over its real socket."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

import msgspec
import pytest
from django.urls import reverse

from functions.states import Role
from runner.client import EndView, HostView, SandboxesView, SandboxView, SupplyView


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self):
        self._answer(200, self.server.answers[self.path])

    def do_POST(self):
        self.server.posted.append(self.path)
        self._answer(200, b"{}")

    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def gateway(config, answers):
    config.run.mkdir(parents=True, exist_ok=True)
    config.gateway_socket.unlink(missing_ok=True)
    server = Server(str(config.gateway_socket), Handler)
    server.answers, server.posted = answers, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        config.gateway_socket.unlink(missing_ok=True)
        thread.join()


def box(function, **fields):
    values = {
        "id": "sb-1",
        "function_id": str(function.id),
        "function_name": function.name,
        "version": "1",
        "runtime": "python3.13",
        "network": "internet",
        "state": "idle",
        "created_us": 1_700_000_000_000_000,
        "last_used_us": 0,
        "calls": 3,
        "memory_mb": 128,
        "memory_now": 30 * 1024 * 1024,
        "why": "no warm one was free",
    }
    return SandboxView(**{**values, **fields})


def view(*boxes, engine="ok"):
    return msgspec.json.encode(
        SandboxesView(
            sandboxes=list(boxes),
            supply=[SupplyView(runtime="python3.13", network="internet", waiting=2, wanted=3, memory_mb=24)],
            host=HostView(
                cpus=2, load=0.5, memory_mb=8000, memory_free_mb=6000, disk_free_mb=9000, committed_mb=128
            ),
            recent_ends=[EndView(id="sb-0", function_name="hello", reason="idle", at_us=1)],
            engine=engine,
        )
    )


@pytest.fixture
def url(project):
    return reverse("sandboxes", args=[project.account])


def test_what_runs_is_shown_and_others_are_only_counted(config, function, admin, url):
    boxes = view(box(function), box(function, id="sb-2", function_id="00000000-0000-0000-0000-000000000000"))
    with gateway(config, {"/_functory/sandboxes": boxes}):
        page = admin.get(url).content.decode()
    assert "no warm one was free" in page
    assert "2 of 3, 24 MB" in page
    assert "2 of each kind wait, up to 10 after many at once" in page
    assert "Idle for its time to live" in page
    assert "1 more belongs to other projects" in page


def test_one_that_no_call_has_used_has_no_last_call(config, function, admin, url):
    used, unused = (
        box(function, last_used_us=1_700_000_000_000_000),
        box(function, id="sb-2", calls=0, last_used_us=1_700_000_000_000_000),
    )
    with gateway(config, {"/_functory/sandboxes": view(used, unused)}):
        page = admin.get(url).content.decode()
    assert page.count(">never<") == 1


def test_nothing_running_is_no_error(config, function, admin, url):
    with gateway(config, {"/_functory/sandboxes": view()}):
        assert "No sandbox runs for this project" in admin.get(url).content.decode()


def test_an_engine_that_is_away_is_said_above_what_still_runs(config, function, admin, url):
    boxes = view(box(function), engine="The Docker engine does not answer. Run `make up`.")
    with gateway(config, {"/_functory/sandboxes": boxes}):
        page = admin.get(url).content.decode()
    assert page.index("The Docker engine does not answer. Run <code>make up</code>.") < page.index(
        "Running now"
    )
    with gateway(config, {"/_functory/sandboxes": view(box(function))}):
        assert "No sandbox can be started" not in admin.get(url).content.decode()


def test_a_gateway_that_is_down_is_said_clearly(function, admin, url):
    answer = admin.get(url)
    assert answer.status_code == 503
    assert "The gateway does not answer" in answer.content.decode()


def test_an_operator_ends_one(config, project, function, as_role, url):
    operator = as_role(Role.OPERATOR)
    with gateway(config, {"/_functory/sandboxes": view(box(function))}) as server:
        assert operator.post(reverse("sandbox_end", args=[project.account, "sb-1"])).status_code == 302
        operator.post(reverse("sandbox_end", args=[project.account, "sb-unknown"]))
    assert server.posted == ["/_functory/sandboxes/sb-1/end"]


def test_a_developer_may_not_end_one(config, project, function, as_role):
    developer = as_role(Role.DEVELOPER)
    with gateway(config, {"/_functory/sandboxes": view(box(function))}) as server:
        assert developer.post(reverse("sandbox_end", args=[project.account, "sb-1"])).status_code == 403
    assert server.posted == []


def test_another_projects_sandbox_cannot_be_ended(config, function, stranger):
    account = stranger.get("/").wsgi_request.user.memberships.get().project.account
    with gateway(config, {"/_functory/sandboxes": view(box(function))}) as server:
        stranger.post(reverse("sandbox_end", args=[account, "sb-1"]))
    assert server.posted == []
