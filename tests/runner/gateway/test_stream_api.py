"""InvokeWithResponseStream, read by botocore's own event stream parser."""

import asyncio
import base64
import json

import boto3
import pytest
from botocore.config import Config
from botocore.eventstream import EventStreamBuffer

from functions.states import Outcome
from runner.gateway import eventstream
from runner.gateway.stream_api import StreamApi
from tests.runner.gateway.boxes import ended, until
from tests.runner.gateway.doors import SECRET, Doors, serve


def test_the_encoding_is_aws(tmp_path):
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.event("PayloadChunk", b"abc"))
    (message,) = list(buffer)
    assert message.payload == b"abc"
    assert message.headers[":event-type"] == "PayloadChunk"


@pytest.fixture
def run(tmp_path):
    def runner(body, answer=None):
        def make():
            doors = Doors(tmp_path, answer=answer)
            api = StreamApi(doors.authorizer, doors.catalog, doors.world.dispatcher, doors.refusals)
            doors.parts["stream"] = api.handle
            return doors

        serve(make, body)

    return runner


def client(doors):
    return boto3.client(
        "lambda",
        endpoint_url=f"http://127.0.0.1:{doors.port}",
        region_name="us-east-1",
        aws_access_key_id="AKIDEV",
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 0}),
    )


def call(doors, **more):
    answer = client(doors).invoke_with_response_stream(FunctionName="hello", Payload=b"{}", **more)
    return list(answer["EventStream"]), answer


def test_pieces_come_in_order(run):
    async def body(doors):
        calling = asyncio.create_task(asyncio.to_thread(call, doors, LogType="Tail"))
        await until(lambda: doors.world.boxes and doors.world.boxes[0].calls)
        box = doors.world.boxes[0]
        box.chunk("H", b"{}")
        box.chunk("C", b"one")
        box.chunk("C", b"two")
        box.finish(ended(response=b"", log=b"a line\n"))
        events, answer = await calling
        assert [event["PayloadChunk"]["Payload"] for event in events[:2]] == [b"one", b"two"]
        assert b"a line" in base64.b64decode(events[2]["InvokeComplete"]["LogResult"])
        assert answer["ExecutedVersion"] == "$LATEST"

    run(body)


def test_a_plain_handler_and_a_failure(run):
    async def body(doors):
        events, _ = await asyncio.to_thread(call, doors)
        assert events[0]["PayloadChunk"]["Payload"] == b'"ok"'
        doors.world.answer = lambda call: ended(Outcome.FUNCTION_ERROR, b"", error_type="ValueError")
        events, _ = await asyncio.to_thread(call, doors)
        assert events[0]["InvokeComplete"]["ErrorCode"] == "ValueError"
        assert json.loads(events[0]["InvokeComplete"]["ErrorDetails"])["errorType"] == "ValueError"

    run(body, answer=lambda call: ended())


def test_refusals(run):
    async def body(doors):
        error = client(doors).exceptions.ResourceNotFoundException
        with pytest.raises(error):
            await asyncio.to_thread(
                client(doors).invoke_with_response_stream, FunctionName="other", Payload=b"{}"
            )

    run(body, answer=lambda call: ended())
