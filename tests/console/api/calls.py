"""One call of every operation of Lambda's API that is served, and a world in which each of them works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.serialize import create_serializer
from django.db import transaction
from django.test import Client

from console.api.model import lambda_model
from functions.installation import relay_key
from functions.models import EventSourceMapping, Function, MessageQueue
from functions.services import message_queues
from functions.tokens import sign_principal
from tests.console.api.sdk import ROLE, create, sdk_of, settle, zipped

NAMED: dict[str, Any] = {"FunctionName": "hello"}
CALLS: dict[str, dict[str, Any]] = {
    "CreateFunction": {
        "FunctionName": "new",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": ROLE,
        "Code": {"ZipFile": zipped()},
    },
    "GetFunction": NAMED,
    "GetFunctionConfiguration": {**NAMED, "Qualifier": "prod"},
    "ListFunctions": {"FunctionVersion": "ALL", "MaxItems": 1},
    "UpdateFunctionCode": {**NAMED, "ZipFile": zipped("x = 1"), "Publish": True},
    "UpdateFunctionConfiguration": {**NAMED, "Timeout": 9},
    "DeleteFunction": NAMED,
    "PublishVersion": {**NAMED, "Description": "two"},
    "ListVersionsByFunction": {**NAMED, "MaxItems": 1},
    "CreateAlias": {**NAMED, "Name": "beta", "FunctionVersion": "1"},
    "GetAlias": {**NAMED, "Name": "prod"},
    "ListAliases": {**NAMED, "FunctionVersion": "1"},
    "UpdateAlias": {**NAMED, "Name": "prod", "Description": "new"},
    "DeleteAlias": {**NAMED, "Name": "beta"},
    "CreateFunctionUrlConfig": {**NAMED, "Qualifier": "prod", "AuthType": "AWS_IAM"},
    "GetFunctionUrlConfig": NAMED,
    "UpdateFunctionUrlConfig": {**NAMED, "Cors": {"AllowOrigins": ["*"]}},
    "DeleteFunctionUrlConfig": NAMED,
    "ListFunctionUrlConfigs": NAMED,
    "AddPermission": {
        **NAMED,
        "StatementId": "two",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    },
    "RemovePermission": {**NAMED, "StatementId": "one"},
    "GetPolicy": NAMED,
    "ListTags": {},
    "TagResource": {"Tags": {"a": "b"}},
    "UntagResource": {"TagKeys": ["team"]},
    "PutFunctionConcurrency": {**NAMED, "ReservedConcurrentExecutions": 3},
    "GetFunctionConcurrency": NAMED,
    "DeleteFunctionConcurrency": NAMED,
    "GetAccountSettings": {},
    "GetFunctionCodeSigningConfig": NAMED,
    "GetFunctionRecursionConfig": NAMED,
    "PutFunctionRecursionConfig": {**NAMED, "RecursiveLoop": "Allow"},
    "PutFunctionEventInvokeConfig": {**NAMED, "MaximumRetryAttempts": 1},
    "UpdateFunctionEventInvokeConfig": {**NAMED, "MaximumEventAgeInSeconds": 70},
    "GetFunctionEventInvokeConfig": NAMED,
    "ListFunctionEventInvokeConfigs": NAMED,
    "DeleteFunctionEventInvokeConfig": NAMED,
    "GetRuntimeManagementConfig": NAMED,
    "PutRuntimeManagementConfig": {**NAMED, "UpdateRuntimeOn": "FunctionUpdate"},
    "PutProvisionedConcurrencyConfig": {**NAMED, "Qualifier": "1", "ProvisionedConcurrentExecutions": 1},
    "GetProvisionedConcurrencyConfig": {**NAMED, "Qualifier": "1"},
    "ListProvisionedConcurrencyConfigs": NAMED,
    "DeleteProvisionedConcurrencyConfig": {**NAMED, "Qualifier": "1"},
    "PublishLayerVersion": {"LayerName": "new", "Content": {"ZipFile": zipped()}},
    "GetLayerVersion": {"LayerName": "tools", "VersionNumber": 1},
    "GetLayerVersionByArn": {},
    "ListLayers": {"CompatibleRuntime": "python3.13"},
    "ListLayerVersions": {"LayerName": "tools"},
    "DeleteLayerVersion": {"LayerName": "tools", "VersionNumber": 1},
    "AddLayerVersionPermission": {
        "LayerName": "tools",
        "VersionNumber": 1,
        "StatementId": "two",
        "Action": "lambda:GetLayerVersion",
        "Principal": "*",
    },
    "RemoveLayerVersionPermission": {"LayerName": "tools", "VersionNumber": 1, "StatementId": "one"},
    "GetLayerVersionPolicy": {"LayerName": "tools", "VersionNumber": 1},
    "CreateEventSourceMapping": {**NAMED, "BatchSize": 5},
    "GetEventSourceMapping": {},
    "ListEventSourceMappings": NAMED,
    "UpdateEventSourceMapping": {"BatchSize": 6},
    "DeleteEventSourceMapping": {},
}


def make_world(project, principal) -> Function:
    """A function with one of everything."""
    sdk = sdk_of(principal)
    create(sdk, Publish=True, Tags={"team": "a"}, Environment={"Variables": {"NAME": "x"}})
    settle(principal)
    sdk("CreateAlias", **NAMED, Name="prod", FunctionVersion="1")
    sdk("CreateFunctionUrlConfig", **NAMED, AuthType="NONE")
    sdk("PutFunctionEventInvokeConfig", **NAMED, MaximumRetryAttempts=2)
    sdk("AddPermission", **NAMED, StatementId="one", Action="lambda:InvokeFunction", Principal="*")
    layer = {"LayerName": "tools", "Content": {"ZipFile": zipped()}, "CompatibleRuntimes": ["python3.13"]}
    arn = sdk("PublishLayerVersion", **layer)["LayerVersionArn"]
    shared = {"StatementId": "one", "Action": "lambda:GetLayerVersion", "Principal": "000000000009"}
    sdk("AddLayerVersionPermission", LayerName="tools", VersionNumber=1, **shared)
    sdk("PutFunctionConcurrency", **NAMED, ReservedConcurrentExecutions=2)
    sdk("PutProvisionedConcurrencyConfig", **NAMED, Qualifier="1", ProvisionedConcurrentExecutions=1)
    sdk("UpdateFunctionConfiguration", **NAMED, MemorySize=256, Layers=[arn])
    settle(principal)
    for name in ("orders", "other"):
        message_queues.create_queue(acting=principal, project=project, name=name)
    sdk("CreateEventSourceMapping", **NAMED, EventSourceArn=MessageQueue.objects.get(name="orders").arn)
    return Function.objects.select_related("project").get()


def addressed(name: str, world: Function) -> dict[str, Any]:
    """What an operation is told of things whose ids are not known before."""
    if name in {"ListTags", "TagResource", "UntagResource"}:
        return {"Resource": world.arn}
    if name == "GetLayerVersionByArn":
        return {"Arn": f"{world.arn.partition(':function:')[0]}:layer:tools:1"}
    if name == "CreateEventSourceMapping":
        return {"EventSourceArn": MessageQueue.objects.get(name="other").arn}
    if name.endswith("EventSourceMapping"):
        return {"UUID": str(EventSourceMapping.objects.get().pk)}
    return {}


def answer(name: str, parameters: dict[str, Any], principal: Any) -> Any:
    """The raw HTTP answer."""
    model = lambda_model().service.operation_model(name)
    request = create_serializer("rest-json", include_validation=False).serialize_to_request(parameters, model)
    path, _, literal = request["url_path"].partition("?")
    pairs = [
        f"{key}={item}"
        for key, value in request["query_string"].items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return Client().generic(
        request["method"],
        path,
        request["body"],
        content_type="application/json",
        QUERY_STRING="&".join([literal, *pairs] if literal else pairs),
        HTTP_X_FUNCTORY_PRINCIPAL=sign_principal(relay_key(), principal),
    )


@contextmanager
def undone() -> Iterator[None]:
    """What is changed inside is not changed: one world serves every operation."""
    with transaction.atomic(), transaction.atomic(using="telemetry"):
        yield
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="telemetry")
