"""An unmodified SDK and Functory: what a program does with a function, from creating it to deleting it, and
the refusal that stands beside each."""

from __future__ import annotations

import base64
import json

import botocore.auth
import botocore.awsrequest
import httpx
import pytest
from botocore.credentials import Credentials

from tests.contract_api.refusals import refused
from tests.support.product import ECHO, ROLE, zipped
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

CODE = """import json, sys
def lambda_handler(event, context):
    print('the line')
    if event.get('fail'):
        raise ValueError('as asked')
    custom = context.client_context.custom if context.client_context else None
    return {'event': event, 'custom': custom, 'version': context.function_version}
"""
URL_CODE = """def lambda_handler(event, context):
    if event['rawPath'] == '/event':
        return event
    return {'statusCode': 201, 'headers': {'x-a': 'b'}, 'cookies': ['c=d'], 'body': 'made'}
"""
FAST = {"Delay": 1, "MaxAttempts": 60}


@pytest.fixture(scope="module")
def client(product):
    return product.client()


@pytest.fixture(scope="module")
def called(product) -> str:
    product.create("called", CODE, Publish=True)
    return "called"


def test_create_and_get(client, called):
    found = client.get_function(FunctionName=called)
    shown = found["Configuration"]
    assert shown["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000001:function:called"
    assert (shown["State"], shown["Runtime"], shown["MemorySize"]) == ("Active", "python3.13", 128)
    assert zip_is_served(found["Code"]["Location"])
    assert called in [row["FunctionName"] for row in client.list_functions()["Functions"]]


def zip_is_served(address: str) -> bool:
    return httpx.get(address, timeout=30).content.startswith(b"PK")


def test_creating_twice_is_a_conflict(client, called):
    settings = {
        "Runtime": "python3.13",
        "Handler": "a.b",
        "Role": ROLE,
        "Code": {"ZipFile": zipped({"a.py": ""})},
    }
    assert refused(client.create_function, FunctionName=called, **settings)[:2] == (
        "ResourceConflictException",
        409,
    )
    code, status, _ = refused(client.create_function, FunctionName="a b", **settings)
    assert (code, status) in {("ValidationException", 400), ("InvalidParameterValueException", 400)}
    assert refused(client.get_function, FunctionName="nobody")[:2] == ("ResourceNotFoundException", 404)


def test_update_code_and_configuration(product, client):
    product.create("changed", CODE)
    client.update_function_code(FunctionName="changed", ZipFile=zipped({"lambda_function.py": ECHO}))
    client.get_waiter("function_updated_v2").wait(FunctionName="changed", WaiterConfig=FAST)
    assert product.call("changed", {"n": 1})["payload"] == {"n": 1}
    client.update_function_configuration(
        FunctionName="changed", MemorySize=256, Timeout=9, Environment={"Variables": {"NAME": "1"}}
    )
    client.get_waiter("function_updated").wait(FunctionName="changed", WaiterConfig=FAST)
    shown = client.get_function_configuration(FunctionName="changed")
    assert (shown["MemorySize"], shown["Timeout"], shown["Environment"]["Variables"]) == (
        256,
        9,
        {"NAME": "1"},
    )
    code, status, _ = refused(client.update_function_code, FunctionName="changed", ZipFile=b"no zip")
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert refused(client.update_function_configuration, FunctionName="changed", Timeout=901)[1] == 400


def test_invoke_with_log_tail_and_client_context(client, called):
    context = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    answer = client.invoke(FunctionName=called, Payload=b'{"n": 1}', LogType="Tail", ClientContext=context)
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    shown = json.loads(answer["Payload"].read())
    assert shown == {"event": {"n": 1}, "custom": {"k": "v"}, "version": "$LATEST"}
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "START RequestId: " + answer["ResponseMetadata"]["RequestId"] in log
    assert "the line" in log
    assert "REPORT RequestId" in log
    code, status, _ = refused(client.invoke, FunctionName=called, ClientContext="***")
    assert (code, status) == ("InvalidRequestContentException", 400)


def test_a_function_error_is_an_answer(client, called):
    answer = client.invoke(FunctionName=called, Payload=b'{"fail": true}')
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    shown = json.loads(answer["Payload"].read())
    assert (shown["errorType"], shown["errorMessage"]) == ("ValueError", "as asked")
    assert shown["stackTrace"]


def test_an_event_is_accepted_and_run(product, client, called):
    answer = client.invoke(FunctionName=called, InvocationType="Event", Payload=b'{"n": 2}')
    assert answer["StatusCode"] == 202
    row = product.record(answer["ResponseMetadata"]["RequestId"])
    assert (row["outcome"], row["invocation_type"], row["attempt"]) == ("success", "Event", 1)
    large = json.dumps("x" * 1024 * 1024).encode()
    code, status, _ = refused(client.invoke, FunctionName=called, InvocationType="Event", Payload=large)
    assert (code, status) == ("RequestTooLargeException", 413)


def test_a_dry_run_runs_nothing(product, client, called):
    assert client.invoke(FunctionName=called, InvocationType="DryRun")["StatusCode"] == 204
    viewer = product.client("viewer")
    refusal = refused(viewer.invoke, FunctionName=called, InvocationType="DryRun")
    assert refusal[:2] == ("AccessDeniedException", 403)
    assert viewer.get_function(FunctionName=called)["Configuration"]["FunctionName"] == called


def test_versions_and_aliases(product, client, called):
    published = client.publish_version(FunctionName=called, Description="first")
    assert published["Version"] == "1"
    client.create_alias(FunctionName=called, Name="prod", FunctionVersion="1")
    answer = client.invoke(FunctionName=called, Qualifier="prod", Payload=b"{}")
    assert answer["ExecutedVersion"] == "1"
    assert [row["Name"] for row in client.list_aliases(FunctionName=called)["Aliases"]] == ["prod"]
    client.delete_alias(FunctionName=called, Name="prod")
    refusal = refused(client.invoke, FunctionName=called, Qualifier="prod", Payload=b"{}")
    assert refusal[:2] == ("ResourceNotFoundException", 404)


def test_a_function_url(product, client):
    product.create("visited", URL_CODE)
    address = client.create_function_url_config(FunctionName="visited", AuthType="NONE")["FunctionUrl"]
    assert httpx.get(address, timeout=30).status_code == 403
    client.add_permission(
        FunctionName="visited",
        StatementId="public",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    wait_for("the URL is public", lambda: httpx.get(address, timeout=30).status_code == 201, 10)
    answer = httpx.post(address + "thing?a=1", content=b"body", timeout=30)
    assert (answer.status_code, answer.headers["x-a"], answer.text) == (201, "b", "made")
    assert "c=d" in answer.headers["set-cookie"]
    event = httpx.get(address + "event?a=1&a=2", timeout=30).json()
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/event", "a=1&a=2")
    assert event["requestContext"]["http"]["method"] == "GET"
    client.update_function_url_config(FunctionName="visited", AuthType="AWS_IAM")
    assert httpx.get(address, timeout=30).status_code == 403
    assert signed_get(product, address).status_code == 201
    client.delete_function_url_config(FunctionName="visited")
    assert httpx.get(address, timeout=30).status_code in {403, 404}


def signed_get(product, address: str, role: str = "administrator") -> httpx.Response:
    request = botocore.awsrequest.AWSRequest("GET", address)
    signer = botocore.auth.SigV4Auth(Credentials(*product.keys[role]), "lambda", "us-east-1")
    signer.add_auth(request)
    return httpx.get(address, headers=dict(request.headers.items()), timeout=30)


def test_a_streamed_answer(client, called):
    answer = client.invoke_with_response_stream(FunctionName=called, Payload=b'{"n": 3}')
    events = list(answer["EventStream"])
    body = b"".join(event["PayloadChunk"]["Payload"] for event in events if "PayloadChunk" in event)
    assert json.loads(body)["event"] == {"n": 3}
    assert "InvokeComplete" in events[-1]
    refusal = refused(client.invoke_with_response_stream, FunctionName="nobody")
    assert refusal[:2] == ("ResourceNotFoundException", 404)


def test_who_may_not(product, client, called):
    wrong = product.client(aws_secret_access_key="x" * 40)
    assert refused(wrong.invoke, FunctionName=called)[:2] == ("InvalidSignatureException", 403)
    assert refused(wrong.list_functions)[:2] == ("InvalidSignatureException", 403)
    unknown = product.client(aws_access_key_id="AKIAAAAAAAAAAAAAAAAA")
    assert refused(unknown.invoke, FunctionName=called)[:2] == ("UnrecognizedClientException", 403)
    viewer = product.client("viewer")
    assert refused(viewer.invoke, FunctionName=called)[:2] == ("AccessDeniedException", 403)
    assert refused(viewer.delete_function, FunctionName=called)[:2] == ("AccessDeniedException", 403)
    assert client.invoke(FunctionName=called)["StatusCode"] == 200


def test_a_clock_that_is_wrong(product, called):
    address = f"{product.stack.gateway}/2015-03-31/functions/{called}/invocations"
    request = botocore.awsrequest.AWSRequest("POST", address, data=b"{}")
    signer = botocore.auth.SigV4Auth(Credentials(*product.keys["administrator"]), "lambda", "us-east-1")
    signer.add_auth(request)
    request.headers.replace_header("X-Amz-Date", "20200101T000000Z")
    answer = httpx.post(address, content=b"{}", headers=dict(request.headers.items()))
    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"].startswith(("InvalidSignature", "IncompleteSignature"))


def test_a_function_is_named_by_arn_and_partial_arn(client, called):
    arn = client.get_function_configuration(FunctionName=called)["FunctionArn"]
    for name in (called, arn, f"{arn}:$LATEST", f"000000000001:function:{called}", f"function:{called}"):
        assert client.get_function_configuration(FunctionName=name)["FunctionName"] == called
        assert client.invoke(FunctionName=name)["StatusCode"] == 200
    assert client.list_tags(Resource=arn)["Tags"] == {}
    assert refused(client.get_function, FunctionName=f"{arn}:none")[:2] == ("ResourceNotFoundException", 404)
    far = arn.replace("000000000001", "000000000009")
    assert refused(client.get_function, FunctionName=far)[:2] == ("AccessDeniedException", 403)


def test_lists_come_in_pages(product, client, called):
    for name in ("page-one", "page-two"):
        product.create(name, wait=False)
    pages = list(client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1}))
    names = [row["FunctionName"] for page in pages for row in page["Functions"]]
    assert {called, "page-one", "page-two"} <= set(names)
    assert names == sorted(set(names))
    assert [len(page["Functions"]) for page in pages] == [1] * len(names)
    wrong = refused(client.list_functions, Marker="nonsense")
    assert wrong[:2] == ("InvalidParameterValueException", 400)
    for name in ("page-one", "page-two"):
        client.delete_function(FunctionName=name)


def test_deleting(product, client):
    product.create("brief")
    client.delete_function(FunctionName="brief")
    assert refused(client.invoke, FunctionName="brief")[:2] == ("ResourceNotFoundException", 404)
    assert refused(client.delete_function, FunctionName="brief")[:2] == ("ResourceNotFoundException", 404)
