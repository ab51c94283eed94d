"""The HTTP Runtime API as a stock runtime client uses it, over a real socket."""

import asyncio
import json
import socket
from contextlib import suppress

import httpx
import pytest

from runner.runtime_api.channel import RuntimeApiChannel
from runner.sandbox import frames


class Inside:
    """A container whose inside is this machine's loopback."""

    def __init__(self):
        self.port = 0

    def listen_inside(self, _port):
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        return listener


class Link:
    def __init__(self):
        self.bound = asyncio.Event()

    def send_bind(self, _body):
        self.bound.set()

    def close(self):
        pass


HEADER = {"id": "r-1", "deadline_ms": 99, "arn": "arn:x", "trace": "t", "client": "", "identity": ""}
PREFIX = "/2018-06-01/runtime"


def live(scenario, *, raw=False):
    async def run():
        inside, link, seen = Inside(), Link(), []
        channel = RuntimeApiChannel(inside, link, lambda kind, body: seen.append((kind, body)))
        channel.send_bind(b"{}")
        await link.bound.wait()
        if raw:
            await scenario(channel, lambda: asyncio.open_connection("127.0.0.1", inside.port))
            channel.close()
            return
        base = f"http://127.0.0.1:{inside.port}{PREFIX}"
        async with httpx.AsyncClient(base_url=base, timeout=10) as runtime:
            await scenario(channel, runtime, seen)
        channel.close()

    asyncio.run(run())


def test_the_first_next_ends_init_and_then_events_go_round():
    async def scenario(channel, runtime, seen):
        waiting = asyncio.ensure_future(runtime.get("/invocation/next"))
        while not seen:
            await asyncio.sleep(0.005)
        assert seen == [(frames.BOUND, b"{}")]
        channel.send_invoke(HEADER, b'{"a":1}')
        event = await waiting
        assert (event.status_code, event.content) == (200, b'{"a":1}')
        assert event.headers["lambda-runtime-aws-request-id"] == "r-1"
        assert event.headers["lambda-runtime-deadline-ms"] == "99"
        assert event.headers["lambda-runtime-invoked-function-arn"] == "arn:x"
        assert event.headers["lambda-runtime-trace-id"] == "t"
        assert "lambda-runtime-client-context" not in event.headers
        answered = await runtime.post("/invocation/r-1/response", content=b'"ok"')
        assert answered.status_code == 202
        assert seen[1:] == [(frames.SUCCESS, b'"ok"')]

    live(scenario)


def test_an_answer_to_another_call_is_refused():
    async def scenario(channel, runtime, seen):
        channel.send_invoke(HEADER, b"1")
        await runtime.get("/invocation/next")
        refused = await runtime.post("/invocation/other/response", content=b"1")
        assert (refused.status_code, refused.json()["errorType"]) == (400, "InvalidRequestID")
        assert (await runtime.post("/invocation/r-1/response", content=b"1")).status_code == 202
        assert (await runtime.post("/invocation/r-1/response", content=b"1")).status_code == 400
        assert [kind for kind, _ in seen] == [frames.BOUND, frames.SUCCESS]

    live(scenario)


def test_errors_of_a_call_and_of_the_start_are_passed_on():
    async def scenario(channel, runtime, seen):
        body = json.dumps({"errorType": "E", "errorMessage": "m"}).encode()
        channel.send_invoke(HEADER, b"1")
        await runtime.get("/invocation/next")
        assert (await runtime.post("/invocation/r-1/error", content=body)).status_code == 202
        assert (await runtime.post("/init/error", content=body)).status_code == 202
        assert sorted(seen[1:]) == sorted([(frames.ERROR, body), (frames.INIT_ERROR, body)])

    live(scenario)


@pytest.mark.parametrize(("size", "passes"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_what_awss_clients_say_of_an_error_to_x_ray_may_be_long(size, passes):
    async def scenario(channel, connect):
        reader, writer = await connect()
        channel.send_invoke(HEADER, b"1")
        writer.write(NEXT)
        await reader.readuntil(b"\r\n\r\n1")
        cause = b"Lambda-Runtime-Function-XRay-Error-Cause: " + b"x" * size
        head = f"POST {PREFIX}/invocation/r-1/error HTTP/1.1\r\nContent-Length: 2\r\n".encode()
        writer.write(head + cause + b"\r\n\r\n{}")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 202 " if passes else b"HTTP/1.1 400 ")
        writer.close()

    live(scenario, raw=True)


def test_an_answer_over_six_megabytes_is_the_functions_error():
    async def scenario(channel, runtime, seen):
        channel.send_invoke(HEADER, b"1")
        await runtime.get("/invocation/next")
        refused = await runtime.post("/invocation/r-1/response", content=b"x" * (7 * 1024 * 1024))
        assert refused.status_code == 413
        assert seen[1][0] == frames.ERROR
        assert b"ResponseSizeTooLarge" in seen[1][1]

    live(scenario)


def test_what_is_no_address_of_the_api_is_not_found():
    async def scenario(_channel, runtime, _seen):
        assert (await runtime.get("/nothing")).status_code == 404
        assert (await runtime.post("/invocation/next")).status_code == 404

    live(scenario)


def test_a_callers_line_breaks_become_no_headers():
    async def scenario(channel, runtime, _seen):
        context = '{"custom":\r\n"ä",\n"Lambda-Runtime-Deadline-Ms": 1}'
        channel.send_invoke({**HEADER, "client": context, "trace": "t\r\nX-Own: 1"}, b"1")
        event = await runtime.get("/invocation/next")
        found = event.headers["lambda-runtime-client-context"]
        assert json.loads(found) == json.loads(context)
        assert "x-own" not in event.headers
        assert event.headers["lambda-runtime-deadline-ms"] == "99"

    live(scenario)


NEXT = f"GET {PREFIX}/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def test_a_large_body_is_asked_for_when_the_runtime_waits_for_that():
    async def scenario(channel, connect):
        reader, writer = await connect()
        channel.send_invoke(HEADER, b"1")
        writer.write(NEXT)
        await reader.readuntil(b"\r\n\r\n1")
        head = f"POST {PREFIX}/invocation/r-1/response HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
        writer.write(head.encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"2")
        assert b" 202 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()

    live(scenario, raw=True)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"x" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)),
        b"no request\r\n\r\n",
        NEXT * 2,
    ],
    ids=["endless-url", "endless-headers", "nonsense", "pipelined"],
)
def test_what_no_runtime_sends_is_refused_and_a_runtime_goes_on(request_):
    async def scenario(channel, connect):
        reader, writer = await connect()
        writer.write(request_)
        with suppress(ConnectionResetError):  # what was still under way when it was closed
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        reader, writer = await connect()
        writer.write(NEXT)
        channel.send_invoke(HEADER, b'"event"')
        assert await reader.readuntil(b'"event"')
        writer.close()

    live(scenario, raw=True)


def test_a_connection_that_is_not_to_be_kept_is_closed_after_its_answer():
    async def scenario(channel, connect):
        reader, writer = await connect()
        channel.send_invoke(HEADER, b"1")
        writer.write(NEXT.replace(b"Host: a", b"Connection: close"))
        assert (await reader.read()).endswith(b"\r\n\r\n1")
        writer.close()

    live(scenario, raw=True)


def test_connections_are_counted_and_those_that_go_make_room():
    async def scenario(_channel, connect):
        kept = [await connect() for _ in range(32)]
        for _, writer in kept:
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
        for reader, _ in kept:
            assert b" 404 " in await reader.readuntil(b"\r\n")
        reader, writer = await connect()
        assert await reader.read() == b""
        writer.close()
        for _, writer in kept:
            writer.write(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        for reader, writer in kept:
            assert await reader.read()
            writer.close()
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert b" 404 " in await reader.readuntil(b"\r\n")
        writer.close()

    live(scenario, raw=True)
