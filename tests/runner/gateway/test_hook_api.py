"""Webhooks over HTTP: what is signed calls the function or becomes an event, and nothing else does."""

import hashlib
import hmac
import json
import time

import pytest

from functions.errors import ServiceUnavailable
from functions.records import decode_records
from functions.snapshots import HookSnapshot, Route
from functions.states import Outcome, TriggerKind
from runner.gateway.hook_api import HookApi
from tests.runner.gateway.boxes import FUNCTION, ended, snapshot
from tests.runner.gateway.doors import Doors, serve

SECRET = "shared with the sender"
BODY = b'{"action": "opened"}'


def hook(**more):
    values = {
        "hook_id": "abc", "trigger_id": "t-1", "function_id": FUNCTION, "qualifier": "live", "provider": "github",
        "delivery": "wait", "header": "", "secret": SECRET, "enabled": True, "project_id": "p",
        "function_name": "hello",
    }  # fmt: skip
    return HookSnapshot(**{**values, **more})


def signed(body=BODY, secret=SECRET):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


@pytest.fixture
def run(tmp_path):
    def runner(body, answer=None, **changes):
        def make():
            doors = Doors(tmp_path, answer=answer)
            doors.table.routes[("hello", "live")] = Route("live", "live", ((snapshot(version="3"), 1.0),))
            doors.table.hooks["abc"] = hook(**changes)
            parts = (doors.catalog, doors.world.dispatcher, doors.events, doors.refusals, "fn.test:9000")
            doors.parts["hook"] = HookApi(*parts).handle
            return doors

        serve(make, body)

    return runner


def records_of(doors):
    """What was journalled."""
    found = doors.world.journal.read()
    return decode_records(found.data) if found else []


def echo(call):
    return ended(response=json.dumps({"statusCode": 201, "body": call.payload.decode()}).encode())


def test_the_function_gets_what_was_signed_and_its_answer_goes_back(run):
    async def body(doors):
        status, headers, answer = await doors.request("POST", "/hook/abc", BODY, signed())
        assert status == 201
        assert headers["content-security-policy"] == "sandbox allow-scripts allow-forms"
        event = json.loads(answer)
        assert event["version"] == "2.0"
        assert event["body"] == BODY.decode()
        assert event["headers"]["x-hub-signature-256"].startswith("sha256=")
        assert event["requestContext"]["requestId"] == headers["x-amzn-requestid"]
        (record,) = records_of(doors)
        assert (record.trigger, record.trigger_id, record.version) == (TriggerKind.WEBHOOK, "t-1", "3")

    run(body, echo)


def test_an_event_is_stored_before_the_sender_is_told(run):
    async def body(doors):
        status, headers, answer = await doors.request("POST", "/hook/abc/", BODY, signed())
        assert (status, answer) == (202, b"")
        (event,) = doors.events.accepted
        assert (event.trigger, event.trigger_id, event.qualifier) == (TriggerKind.WEBHOOK, "t-1", "live")
        assert event.event_id == headers["x-amzn-requestid"]
        assert json.loads(event.payload)["body"] == BODY.decode()
        doors.events.refusal = ServiceUnavailable("Redis does not answer.")
        status, _headers, _answer = await doors.request("POST", "/hook/abc", BODY, signed())
        assert status == 503
        assert len(doors.events.accepted) == 1

    run(body, delivery="event")


def test_what_is_not_signed_calls_nobody_and_is_noted(run):
    async def body(doors):
        for headers in ({}, signed(secret="another"), signed(b"{}")):
            status, answered, answer = await doors.request("POST", "/hook/abc", BODY, headers)
            assert (status, answered["x-amzn-errortype"]) == (403, "AccessDeniedException")
            assert b"secret" in answer or b"x-hub-signature-256" in answer
        assert records_of(doors) == []
        noted = await doors.refused()
        assert [(one.operation, one.function_name) for one in noted] == [("Webhook", "hello")] * 3

    run(body, echo)


def test_a_paused_one_another_method_and_no_webhook(run):
    async def body(doors):
        assert (await doors.request("GET", "/hook/abc", b"", signed(b"")))[0] == 405
        assert (await doors.request("POST", "/hook/other", BODY, signed()))[0] == 404
        assert (await doors.request("POST", "/hook/", BODY, signed()))[0] == 404

    run(body, echo)

    async def paused(doors):
        status, _headers, answer = await doors.request("POST", "/hook/abc", BODY, signed())
        assert (status, b"paused" in answer) == (403, True)

    run(paused, echo, enabled=False)


def test_a_body_that_no_event_holds_is_refused_and_a_call_takes_it(run):
    large = json.dumps({"text": "x" * 1_100_000}).encode()

    async def as_event(doors):
        status, _headers, answer = await doors.request("POST", "/hook/abc", large, signed(large))
        assert (status, b"1,048,576" in answer) == (413, True)
        assert doors.events.accepted == []

    run(as_event, delivery="event")

    async def as_call(doors):
        assert (await doors.request("POST", "/hook/abc", large, signed(large)))[0] == 200

    run(as_call, lambda _call: ended(response=b"{}"))


def test_a_function_that_fails_is_a_502(run):
    async def body(doors):
        status, headers, answer = await doors.request("POST", "/hook/abc", BODY, signed())
        assert (status, answer) == (502, b"Internal Server Error")
        (record,) = records_of(doors)
        assert record.request_id == headers["x-amzn-requestid"]

    run(body, lambda _call: ended(Outcome.FUNCTION_ERROR))


def test_slack_is_answered_its_challenge_once_it_signed_it(run):
    said = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    at = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{at}:".encode() + said, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Signature": f"v0={digest}", "X-Slack-Request-Timestamp": at}

    async def body(doors):
        status, _headers, answer = await doors.request("POST", "/hook/abc", said, headers)
        assert (status, answer) == (200, b"3eZbrw1a")
        assert doors.events.accepted == []
        status, _headers, answer = await doors.request(
            "POST", "/hook/abc", said, {**headers, "X-Slack-Signature": "v0=00"}
        )
        assert (status, b"3eZbrw1a" in answer) == (403, False)

    run(body, provider="slack", delivery="event")
