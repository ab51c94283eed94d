"""AWS's endpoint inside real sandboxes without a network: a function calls another as its own role, and nothing
else; its credentials are good nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import botocore.exceptions
import pytest

from functions.records import decode_records
from tests.runner.gateway.installation import Installation
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

ASKS = (Path(__file__).parent / "asks.py").read_text()


def invoke_path(name: str) -> str:
    return f"/2015-03-31/functions/{name}/invocations"


@pytest.fixture(scope="module")
def gateway():
    code = {"code": ASKS, "timeout_s": 20, "memory_mb": 256}
    installation = Installation(asks=dict(code), other=dict(code))
    installation.start()
    yield installation
    installation.end()
    wait_until(lambda: installation.containers() == [], 30)
    installation.remove()


def test_a_function_calls_another_as_its_role(gateway):
    answer = gateway.invoke("asks", {"path": invoke_path("hello"), "body": {"n": 1}})
    assert (answer["status"], json.loads(answer["body"])) == (200, {"n": 1})
    wait_until(lambda: len(gateway.recorded()) >= 2)


def test_also_by_alias_and_full_arn(gateway):
    for name in ("hello:live", "arn:aws:lambda:us-east-1:000000000000:function:hello"):
        answer = gateway.invoke("asks", {"path": invoke_path(name.replace(":", "%3A")), "body": {"n": 2}})
        assert answer["status"] == 200, answer


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        (invoke_path("nobody"), 404, "ResourceNotFoundException"),
        (
            invoke_path("arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Ahello"),
            403,
            "AccessDeniedException",
        ),
    ],
)
def test_what_is_not_in_its_project_is_not_called(gateway, path, status, error):
    answer = gateway.invoke("asks", {"path": path})
    assert (answer["status"], answer["error"]) == (status, error)


def test_everything_else_is_denied_by_name(gateway):
    answer = gateway.invoke("asks", {"path": "/2015-03-31/functions/", "method": "GET"})
    assert (answer["status"], answer["error"]) == (403, "AccessDeniedException")
    assert "arn:aws:sts::000000000000:assumed-role/functory/asks" in answer["body"]
    assert "GET /2015-03-31/functions/" in answer["body"]


def test_without_its_token_or_with_another_secret_nobody_is_known(gateway):
    asked = {"path": invoke_path("hello")}
    assert gateway.invoke("asks", {**asked, "token": False})["error"] == "MissingAuthenticationTokenException"
    key, _, token = gateway.invoke("asks", {"reveal": True})
    wrong = gateway.invoke("asks", {**asked, "as": [key, "w" * 40, token]})
    assert (wrong["status"], wrong["error"]) == (403, "InvalidSignatureException")


def test_credentials_are_good_through_their_own_sandbox_only(gateway):
    stolen = gateway.invoke("asks", {"reveal": True})
    answer = gateway.invoke("other", {"path": invoke_path("hello"), "as": stolen})
    assert (answer["status"], answer["error"]) == (403, "UnrecognizedClientException")
    outside = boto3.client(
        "lambda",
        endpoint_url=f"http://{gateway.config.gateway}",
        region_name="us-east-1",
        aws_access_key_id=stolen[0],
        aws_secret_access_key=stolen[1],
        aws_session_token=stolen[2],
    )
    with pytest.raises(botocore.exceptions.ClientError, match="UnrecognizedClientException"):
        outside.invoke(FunctionName="hello")


def test_a_persons_key_is_not_good_inside(gateway):
    mine = [gateway.planted["key"], gateway.planted["secret"], ""]
    answer = gateway.invoke("asks", {"path": invoke_path("hello"), "as": mine})
    assert answer["error"] == "MissingAuthenticationTokenException"


def test_a_function_may_call_itself_once_more(gateway):
    """The second call goes to a sandbox of its own: one call at a time each."""
    inner = {"path": invoke_path("hello"), "body": {"deep": True}}
    answer = gateway.invoke("asks", {"path": invoke_path("asks"), "body": inner})
    assert json.loads(json.loads(answer["body"])["body"]) == {"deep": True}


def test_records_say_that_the_call_came_by_the_api(gateway):
    gateway.invoke("asks", {"path": invoke_path("hello"), "body": {"n": 3}})
    key = f"functory:{gateway.config.instance}:records"

    def records():
        with gateway.redis.client() as client:
            return [one for _, entry in client.xrange(key) for one in decode_records(entry[b"d"])]

    wait_until(lambda: any(one.function_name == "hello" for one in records()))
    assert {one.trigger for one in records()} == {"api"}
