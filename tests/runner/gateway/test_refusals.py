"""Refused requests are noted with who, what and why, beside calls that are not; and never too many of them."""

from __future__ import annotations

import asyncio

import pytest

from functions import limits
from functions.errors import ResourceNotFound
from functions.records import Refused
from runner.gateway import refusals as module
from runner.gateway.refusals import Asked, Refusals
from runner.gateway.wire import Request
from tests.runner.gateway.doors import Doors, serve


@pytest.fixture
def run(tmp_path):
    def runner(body):
        serve(lambda: Doors(tmp_path), body)

    return runner


def test_a_call_that_is_accepted_is_none(run):
    async def body(doors):
        status, _, _ = await doors.invoke(b"{}", headers={"X-Amz-Invocation-Type": "Event"})
        assert status == 202
        assert await doors.refused() == []

    run(body)


CASES = {
    "unknown function": ({"name": "nobody"}, 404, "ResourceNotFoundException", "nobody"),
    "unknown version": ({"query": "?Qualifier=9"}, 404, "ResourceNotFoundException", "hello"),
    "bad JSON": ({"body": b"{no"}, 400, "InvalidRequestContentException", "hello"),
    "viewer": ({"key": "AKIVIEW"}, 403, "AccessDeniedException", "hello"),
    "too large": (
        {"body": b'"' + b"x" * limits.SYNC_PAYLOAD + b'"'},
        413,
        "RequestTooLargeException",
        "hello",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_refused_call_is_noted_with_the_id_that_was_answered(run, case):
    asked, status, error, name = CASES[case]

    async def body(doors):
        found, headers, _ = await doors.invoke(**asked)
        assert found == status
        (noted,) = await doors.refused()
        assert (noted.error_type, noted.status, noted.function_name) == (error, status, name)
        assert (noted.project_id, noted.caller, noted.operation) == ("p", "ada", "Invoke")
        assert noted.request_id == headers["x-amzn-requestid"]
        assert noted.address == "127.0.0.1"

    run(body)


def test_a_body_too_large_to_be_read_goes_to_the_list_of_the_key_that_it_names(run):
    async def body(doors):
        doors.table.keys["AKIADEVELOPER0001"] = doors.table.keys["AKIDEV"]
        head = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIADEVELOPER0001/20260101/us-east-1/lambda/aws4_request"
        }
        target = "/2015-03-31/functions/hello/invocations"
        body = bytes(limits.SYNC_PAYLOAD + 256 * 1024)
        status, headers, _ = await doors.request("POST", target, body, head)
        assert status == 413
        (noted,) = await doors.refused()
        assert noted.caller == "AKIDEV (signature not checked)"
        assert noted.request_id == headers["x-amzn-requestid"]

    run(body)


def test_a_caller_whom_nobody_knows_is_not_noted(run):
    async def body(doors):
        assert (await doors.invoke(b"{no", key="AKINOBODY"))[0] == 403
        assert (await doors.invoke(b"{no", secret="wrong"))[0] == 403
        assert await doors.refused() == []

    run(body)


def asked(name: str = "hello") -> Asked:
    return Asked(Request("POST", "/", {}), "p", "ada", "Invoke", name)


def test_more_than_enough_in_a_second_are_counted(monkeypatch):
    written: list[Refused] = []

    async def write(noted):
        written.extend(noted)

    async def body():
        moment = [1_000_000]
        monkeypatch.setattr(module, "now_us", lambda: moment[0])
        refusals = Refusals(write)
        for number in range(module.EACH_SECOND + 7):
            refusals.note(asked(), ResourceNotFound("no"), f"id-{number}")
        moment[0] += 1_000_000
        refusals.note(asked("later"), ResourceNotFound("no"), "id-later")
        await refusals.flush()

    asyncio.run(body())
    assert len(written) == module.EACH_SECOND + 1
    assert [one.more for one in written[-3:]] == [0, 7, 0]
    assert written[-1].function_name == "later"


def test_a_database_that_does_not_take_them_stops_nothing():
    tries = []

    async def write(noted):
        tries.append(len(noted))
        raise OSError("away")

    async def body():
        refusals = Refusals(write)
        refusals.note(asked(), ResourceNotFound("no"), "id")
        await refusals.flush()
        await refusals.flush()

    asyncio.run(body())
    assert tries == [1]
