"""An unmodified SDK in two regions of one installation: what is made in one is only there."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.contract_api.commands import aws
from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT, ECHO, ROLE, zipped
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
FAR = "eu-west-1"
NAME = "regional"
SAYS_WHERE = """import os
def lambda_handler(event, context):
    print('called in', os.environ['AWS_REGION'])
    return {'region': os.environ['AWS_REGION'], 'arn': context.invoked_function_arn}
"""


@pytest.fixture(scope="module")
def far(product):
    """Clients by service, of the other region."""
    return lambda service="lambda": product.client(service=service, region_name=FAR)


@pytest.fixture(scope="module")
def made(product, far) -> str:
    """The ARN of a function in the other region, and one of the same name here."""
    product.create(NAME, ECHO)
    settings = {"Runtime": "python3.13", "Handler": "lambda_function.lambda_handler", "Role": ROLE}
    code = {"ZipFile": zipped({"lambda_function.py": SAYS_WHERE})}
    arn = far().create_function(FunctionName=NAME, Code=code, **settings)["FunctionArn"]
    far().get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
    return str(arn)


def test_each_region_has_its_own(product, far, made) -> None:
    assert made == f"arn:aws:lambda:{FAR}:{ACCOUNT}:function:{NAME}"
    here = product.client()
    assert made not in [row["FunctionArn"] for row in here.list_functions()["Functions"]]
    assert [row["FunctionArn"] for row in far().list_functions()["Functions"]] == [made]
    assert product.call(NAME, {"n": 1})["payload"] == {"n": 1}
    answer = json.loads(far().invoke(FunctionName=made)["Payload"].read())
    assert answer == {"region": FAR, "arn": made}
    assert refused(here.get_function, FunctionName=made)[:2] == ("ResourceNotFoundException", 404)
    assert refused(here.invoke, FunctionName=made)[:2] == ("AccessDeniedException", 403)


def test_its_logs_are_there(product, far, made) -> None:
    far().invoke(FunctionName=NAME)
    group = {"logGroupName": f"/aws/lambda/{NAME}", "filterPattern": '"called in"'}
    wait_for("the log is there", lambda: far("logs").filter_log_events(**group)["events"], 60)
    assert far("logs").filter_log_events(**group)["events"][0]["message"].strip() == f"called in {FAR}"
    assert product.client(service="logs").filter_log_events(**group)["events"] == []


def test_its_queue_calls_it(product, far, made) -> None:
    url = far("sqs").create_queue(QueueName="regional")["QueueUrl"]
    queue = f"arn:aws:sqs:{FAR}:{ACCOUNT}:regional"
    far().create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue)
    far("sqs").send_message(QueueUrl=url, MessageBody="x")
    query = 'select "trigger" from functions_invocation where function_name = ? and "trigger" = ?'
    wait_for("it is called for the message", lambda: product.rows(query, NAME, "queue"), 60)
    assert product.client().list_event_source_mappings()["EventSourceMappings"] == []
    gone = refused(product.client(service="sqs").get_queue_url, QueueName="regional")
    assert gone[0] == "AWS.SimpleQueueService.NonExistentQueue"


def test_its_url_answers_and_is_signed_for_there(product, far, made) -> None:
    allowed = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}
    far().add_permission(FunctionName=NAME, StatementId="open", **allowed)
    address = far().create_function_url_config(FunctionName=NAME, AuthType="NONE")["FunctionUrl"]
    wait_for("it is open", lambda: httpx.get(address, timeout=30).status_code == 200, 20)
    assert httpx.get(address, timeout=30).json()["region"] == FAR
    assert product.client().list_function_url_configs(FunctionName=NAME)["FunctionUrlConfigs"] == []


def test_the_command_and_the_console_know_it(product, made) -> None:
    asked = ("lambda", "get-function-configuration", "--function-name", NAME)
    there, here = aws(product, *asked, "--region", FAR), aws(product, *asked)
    assert json.loads(there.stdout)["FunctionArn"] == made, there.stderr
    assert json.loads(here.stdout)["FunctionArn"] == made.replace(FAR, "us-east-1"), here.stderr
    page = product.page(f"functions/{NAME}@{FAR}/code")
    assert (page.status_code, f", in {FAR}." in page.text) == (200, True)


def test_a_signature_for_no_region_is_refused(product, made) -> None:
    nowhere = product.client(region_name="nowhere")
    assert refused(nowhere.list_functions)[:2] == ("IncompleteSignatureException", 403)
    assert refused(nowhere.invoke, FunctionName=NAME)[:2] == ("IncompleteSignatureException", 403)
