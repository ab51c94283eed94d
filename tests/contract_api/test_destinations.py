"""Asynchronous events with retries, ages and destinations, and loops, as an unmodified SDK sets them and the
installation runs them."""

from __future__ import annotations

import json

import pytest

from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

FAILS = "def lambda_handler(event, context):\n    if event.get('fail'):\n        raise ValueError('no')\n    return 'yes'\n"
# An SDK is not in the image: the request is signed by hand, as any client would.
CALLS_ITSELF = """
import datetime, hashlib, hmac, os, urllib.error, urllib.request
def key(*parts):
    made = ('AWS4' + os.environ['AWS_SECRET_ACCESS_KEY']).encode()
    for part in parts:
        made = hmac.new(made, part.encode(), 'sha256').digest()
    return made
def lambda_handler(event, context):
    url = os.environ['AWS_ENDPOINT_URL']
    path = f'/2015-03-31/functions/{context.function_name}/invocations'
    body = b'{"n": %d}' % (event['n'] + 1)
    stamp = datetime.datetime.now(datetime.UTC).strftime('%Y%m%dT%H%M%SZ')
    scope = f'{stamp[:8]}/us-east-1/lambda/aws4_request'
    host = url.removeprefix('http://')
    canonical = f'POST\\n{path}\\n\\nhost:{host}\\nx-amz-date:{stamp}\\n\\nhost;x-amz-date\\n' + hashlib.sha256(body).hexdigest()
    text = f'AWS4-HMAC-SHA256\\n{stamp}\\n{scope}\\n' + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(key(stamp[:8], 'us-east-1', 'lambda', 'aws4_request'), text.encode(), 'sha256').hexdigest()
    headers = {'Host': host, 'X-Amz-Date': stamp, 'X-Amz-Invocation-Type': 'Event',
        'X-Amz-Security-Token': os.environ['AWS_SESSION_TOKEN'], 'X-Amzn-Trace-Id': os.environ['_X_AMZN_TRACE_ID'],
        'Authorization': f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, body, headers)) as answer:
            print('calls itself', event['n'], answer.status)
    except urllib.error.HTTPError as error:
        print('stopped at', event['n'], error.code, error.headers['x-amzn-errortype'])
"""


@pytest.fixture(scope="module")
def client(product):
    return product.client()


@pytest.fixture(scope="module")
def functions(product, client):
    product.create("teller", FAILS)
    product.create("listener")
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:listener"


def heard(product, request_id: str) -> dict:
    """What the listener was called with about that event."""

    def find():
        rows = product.rows(
            "select p.event from functions_invocationpayload p join functions_invocation i on i.id = "
            "p.invocation_id where i.function_name = 'listener' and i.trigger = 'destination'"
        )
        told = [json.loads(row["event"]) for row in rows]
        return [record for record in told if record["requestContext"]["requestId"] == request_id]

    wait_for("the listener was told", find, 60)
    [record] = find()
    return record


def test_destinations_are_told_of_success_and_failure(product, client, functions):
    client.put_function_event_invoke_config(
        FunctionName="teller",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnSuccess": {"Destination": functions}, "OnFailure": {"Destination": functions}},
    )
    good = client.invoke(FunctionName="teller", InvocationType="Event", Payload=b'{"a": 1}')
    record = heard(product, good["ResponseMetadata"]["RequestId"])
    assert record["version"] == "1.0"
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["functionArn"].endswith(":function:teller:$LATEST")
    assert (record["requestPayload"], record["responsePayload"]) == ({"a": 1}, "yes")
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    bad = client.invoke(FunctionName="teller", InvocationType="Event", Payload=b'{"fail": true}')
    record = heard(product, bad["ResponseMetadata"]["RequestId"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_configuration_is_read_listed_and_taken_back(client, functions):
    client.put_function_event_invoke_config(FunctionName="listener", MaximumEventAgeInSeconds=120)
    found = client.get_function_event_invoke_config(FunctionName="listener")
    assert found["MaximumEventAgeInSeconds"] == 120
    assert "MaximumRetryAttempts" not in found
    client.update_function_event_invoke_config(FunctionName="listener", MaximumRetryAttempts=1)
    [listed] = client.list_function_event_invoke_configs(FunctionName="listener")[
        "FunctionEventInvokeConfigs"
    ]
    assert (listed["MaximumEventAgeInSeconds"], listed["MaximumRetryAttempts"]) == (120, 1)
    client.delete_function_event_invoke_config(FunctionName="listener")
    gone = refused(client.get_function_event_invoke_config, FunctionName="listener")
    assert gone[:2] == ("ResourceNotFoundException", 404)


def test_a_function_that_calls_itself_is_stopped(product, client):
    product.create("loop", CALLS_ITSELF)
    client.invoke(FunctionName="loop", InvocationType="Event", Payload=b'{"n": 1}')

    def logs() -> str:
        rows = product.rows(
            "select l.text from functions_invocationlog l join functions_invocation i on i.id = l.invocation_id "
            "where i.function_name = 'loop'"
        )
        return "\n".join(row["text"] for row in rows)

    wait_for("the loop is stopped", lambda: "stopped at" in logs(), 60)
    assert "stopped at 17 400 RecursiveInvocationException" in logs()
    assert client.get_function_recursion_config(FunctionName="loop")["RecursiveLoop"] == "Terminate"
    assert client.put_function_recursion_config(FunctionName="loop", RecursiveLoop="Allow")
    client.delete_function(FunctionName="loop")
