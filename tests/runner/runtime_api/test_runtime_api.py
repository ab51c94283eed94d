"""The HTTP Runtime API as a stock runtime client uses it, over a real socket."""

import asyncio
import json
import socket

import httpx

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


def live(scenario):
    async def run():
        inside, link, seen = Inside(), Link(), []
        channel = RuntimeApiChannel(inside, link, lambda kind, body: seen.append((kind, body)))
        channel.send_bind(b"{}")
        await link.bound.wait()
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
