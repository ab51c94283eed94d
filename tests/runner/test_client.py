"""The client against a small HTTP server on a unix socket: answers, refusals and a gateway that is down."""

import asyncio
import socketserver
import tempfile
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest

from functions.config import Config
from functions.states import Outcome, TriggerKind
from runner.client import AsyncGatewayClient, GatewayClient, GatewayDown, GatewayRefused, Order

RECORD = {
    "request_id": "r-1",
    "project_id": "p",
    "function_id": "f",
    "function_name": "hello",
    "response": "1",
}
THROTTLED = {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "message": "Rate Exceeded."}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        return

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.headers.get("x-functory-function") == "busy":
            self.answer(429, THROTTLED, {"x-amzn-errortype": "TooManyRequestsException"})
        elif self.path == "/_functory/warm":
            self.answer(200, {"ok": True, "init_us": 1200})
        elif self.headers.get("x-functory-type") == "Event":
            self.answer(202, {"event_id": "e-1"})
        else:
            self.answer(200, RECORD)

    def answer(self, status, shape, headers=None):
        body = msgspec.json.encode(shape)
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def config():
    with tempfile.TemporaryDirectory() as home:
        Path(home, "run").mkdir()
        yield Config.from_environ({"FUNCTORY_HOME": home})


@pytest.fixture
def server(config):
    with Server(str(config.gateway_socket), Handler) as server:
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_invoke_sends_what_it_was_told_and_returns_the_record(config, server):
    order = Order(function_id="f", payload=b'{"a":1}', trigger=TriggerKind.TEST, qualifier="live", attempt=2)
    with GatewayClient(config) as client:
        record = client.invoke(order)
    path, headers, body = server.seen[0]
    assert (path, body) == ("/_functory/invoke", b'{"a":1}')
    assert headers["x-functory-trigger"] == "test"
    assert headers["x-functory-qualifier"] == "live"
    assert headers["x-functory-attempt"] == "2"
    assert "x-functory-event" not in headers
    assert (record.response, record.outcome) == ("1", Outcome.SUCCESS)


def test_event_and_warm_have_their_own_answers(config, server):
    with GatewayClient(config) as client:
        assert client.accept(Order(function_id="f")) == "e-1"
        assert client.warm(function_id="f", revision_id="r").init_us == 1200


def test_a_refusal_carries_code_status_and_reason(config, server):
    with GatewayClient(config) as client, pytest.raises(GatewayRefused) as caught:
        client.invoke(Order(function_id="busy"))
    assert (caught.value.code, caught.value.status) == ("TooManyRequestsException", 429)
    assert caught.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_a_gateway_that_is_down_is_said_in_plain_words(config):
    with GatewayClient(config) as client, pytest.raises(GatewayDown, match="gateway is not running"):
        client.health()


def test_the_async_client_runs_many_at_once(config, server):
    async def run():
        async with AsyncGatewayClient(config) as client:
            return await asyncio.gather(*(client.invoke(Order(function_id="f")) for _ in range(20)))

    assert {record.request_id for record in asyncio.run(run())} == {"r-1"}
    assert len(server.seen) == 20
