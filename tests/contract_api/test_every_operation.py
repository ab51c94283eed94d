"""Every operation of Lambda's that is served, asked by an unmodified SDK over the wire: each succeeds in a world that has
one of everything, in an order in which nothing is gone before it is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name

from tests.console.api.calls import CALLS, NAMED
from tests.support.product import ACCOUNT, ROLE, zipped

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

QUEUES = f"arn:aws:sqs:us-east-1:{ACCOUNT}"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:tools:1"
NAME = "of-every-operation"
FAST = {"Delay": 1, "MaxAttempts": 90}
# What ends something comes last, and the function itself after everything else.
LAST = ("Untag", "Remove", "Delete", "DeleteFunction")
CHANGES = {"UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion", "CreateFunction"}


def place(operation: str) -> tuple[int, str]:
    ends = [number for number, start in enumerate(LAST, 1) if operation.startswith(start)]
    whole = len(LAST) + 1 if operation == "DeleteFunction" else 0
    return whole or max(ends[:1], default=0), operation


@pytest.fixture(scope="module")
def mapping(product: Any) -> str:
    """The world; the id of its event source mapping."""
    client, queues = product.client(), product.client(service="sqs")
    product.create(NAME, Publish=True, Tags={"team": "a"})
    client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")
    client.create_function_url_config(FunctionName=NAME, AuthType="NONE")
    client.put_function_event_invoke_config(FunctionName=NAME, MaximumRetryAttempts=2)
    told = {"StatementId": "one", "Action": "lambda:InvokeFunction", "Principal": "*"}
    client.add_permission(FunctionName=NAME, **told)
    content = {"Content": {"ZipFile": zipped({"python/x.py": ""})}, "CompatibleRuntimes": ["python3.13"]}
    client.publish_layer_version(LayerName="tools", **content)
    shared = {"StatementId": "one", "Action": "lambda:GetLayerVersion", "Principal": "000000000009"}
    client.add_layer_version_permission(LayerName="tools", VersionNumber=1, **shared)
    client.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=3)
    client.put_provisioned_concurrency_config(
        FunctionName=NAME, Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    for name in ("every-orders", "every-other"):
        queues.create_queue(QueueName=name)
    made = client.create_event_source_mapping(FunctionName=NAME, EventSourceArn=f"{QUEUES}:every-orders")
    return str(made["UUID"])


def parameters(operation: str, mapping: str) -> dict[str, Any]:
    """Those of the call, for what there is here."""
    given = dict(CALLS[operation])
    if given.get("FunctionName") == NAMED["FunctionName"]:
        given["FunctionName"] = NAME
    if operation in {"ListTags", "TagResource", "UntagResource"}:
        given["Resource"] = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{NAME}"
    if operation == "GetLayerVersionByArn":
        given["Arn"] = LAYER
    if operation == "CreateEventSourceMapping":
        given["EventSourceArn"] = f"{QUEUES}:every-other"
    elif operation.endswith("EventSourceMapping"):
        given["UUID"] = mapping
    if operation == "CreateFunction":
        given |= {"FunctionName": f"{NAME}-new", "Role": ROLE}
    if operation == "PublishLayerVersion":
        given["LayerName"] = "tools-new"
    return given


def test_each_succeeds(product: Any, mapping: str) -> None:
    client, told = product.client(), {}
    for operation in sorted(CALLS, key=place):
        answer = getattr(client, xform_name(operation))(**parameters(operation, mapping))
        told[operation] = answer["ResponseMetadata"]["HTTPStatusCode"]
        if operation in CHANGES:
            name = f"{NAME}-new" if operation == "CreateFunction" else NAME
            client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
            client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    assert {operation: status for operation, status in told.items() if not 200 <= status < 300} == {}
    client.delete_function(FunctionName=f"{NAME}-new")
