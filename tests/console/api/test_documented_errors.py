"""Every error that the model documents for an operation that is served: reached here, or in the test that is named, or
the reason why it cannot occur on one machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.api import views
from console.api.model import lambda_model
from functions import policies
from functions.models import Function, MessageQueue, Project
from functions.snapshots import Principal
from tests.console.api.calls import CALLS, addressed, answer, make_world, undone
from tests.console.api.sdk import create, sdk_of

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
Changes = dict[str, dict[str, Any]]
FAR = "arn:aws:lambda:us-east-1:000000000009:layer:tools"
NOBODY = {"FunctionName": "nobody"}
UNKNOWN_ID = {"UUID": "01a228e6-0000-7128-8616-2d7c83aade87"}
SPLIT = {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}
TWO_NAMES = {"FunctionName": "hello:1", "Qualifier": "prod"}
WITH_QUALIFIER = (
    "AddPermission", "DeleteFunction", "DeleteFunctionEventInvokeConfig", "DeleteProvisionedConcurrencyConfig",
    "GetFunction", "GetFunctionConfiguration", "GetFunctionEventInvokeConfig", "GetPolicy",
    "GetProvisionedConcurrencyConfig", "GetRuntimeManagementConfig", "PutFunctionEventInvokeConfig",
    "PutProvisionedConcurrencyConfig", "PutRuntimeManagementConfig", "RemovePermission",
    "UpdateFunctionEventInvokeConfig",
)  # fmt: skip
NO_MARKER = {"Marker": "nonsense"}
NO_VERSION = {"VersionNumber": 0}


def not_found(world: Function) -> Changes:
    """What makes a good call ask for what is not there."""
    by_name = {
        name: NOBODY
        for name, call in CALLS.items()
        if "FunctionName" in call and name not in {"CreateFunction", "ListEventSourceMappings"}
    }
    layers = {name: {"LayerName": FAR} for name, call in CALLS.items() if "LayerName" in call}
    tags = {name: {"Resource": f"{world.arn}-gone"} for name in ("ListTags", "TagResource", "UntagResource")}
    mappings = {f"{verb}EventSourceMapping": UNKNOWN_ID for verb in ("Get", "Update", "Delete")}
    return {**by_name, **layers, **tags, **mappings, "GetLayerVersionByArn": {"Arn": f"{FAR}:1"}}


def invalid(world: Function) -> Changes:
    """What makes a good call say something that cannot be."""
    no_marker = [name for name in CALLS if name.startswith("List") and name != "ListTags"]
    no_version = [name for name, call in CALLS.items() if "VersionNumber" in call]
    tags = {name: {"Resource": f"{world.arn}:1"} for name in ("ListTags", "TagResource", "UntagResource")}
    return {
        **dict.fromkeys(WITH_QUALIFIER, TWO_NAMES),
        **dict.fromkeys(no_marker, NO_MARKER),
        **dict.fromkeys(no_version, NO_VERSION),
        **tags,
        "CreateFunction": {"MemorySize": 1},
        "UpdateFunctionConfiguration": {"MemorySize": 1},
        "UpdateFunctionCode": {"ZipFile": b"no zip"},
        "PublishLayerVersion": {"Content": {"ZipFile": b"no zip"}},
        "PublishVersion": {"CodeSha256": "of something else"},
        "CreateAlias": SPLIT,
        "UpdateAlias": SPLIT,
        "CreateFunctionUrlConfig": {"FunctionName": "hello:none"},
        "PutFunctionConcurrency": {"ReservedConcurrentExecutions": 100_000},
        "CreateEventSourceMapping": {"BatchSize": 11, "MaximumBatchingWindowInSeconds": 0},
        "UpdateEventSourceMapping": {"BatchSize": 11, "MaximumBatchingWindowInSeconds": 0},
    }


def conflicting(world: Function) -> Changes:
    """What is there already, or is in use, or is being changed."""
    orders = MessageQueue.objects.get(name="orders").arn
    return {
        "CreateFunction": {"FunctionName": world.name},
        "UpdateFunctionCode": {"FunctionName": "new"},
        "UpdateFunctionConfiguration": {"FunctionName": "new"},
        "PublishVersion": {"FunctionName": "new"},
        "DeleteFunction": {"Qualifier": "1"},
        "CreateAlias": {"Name": "prod"},
        "CreateFunctionUrlConfig": {"FunctionName": world.name, "Qualifier": None},
        "AddPermission": {"StatementId": "one"},
        "AddLayerVersionPermission": {"StatementId": "one"},
        "CreateEventSourceMapping": {"EventSourceArn": orders},
    }


def stale(_world: Function) -> Changes:
    """Those that may be told which revision they are for."""
    named = {"UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"}
    named |= {f"{verb}{of}Permission" for verb in ("Add", "Remove") for of in ("", "LayerVersion")}
    return {name: {"RevisionId": "of before"} for name in named}


def too_long(_world: Function) -> Changes:
    """Those that make a policy longer."""
    return {"AddPermission": {}, "AddLayerVersionPermission": {}}


REACHED: dict[str, Callable[[Function], Changes]] = {
    "ResourceNotFoundException": not_found,
    "InvalidParameterValueException": invalid,
    "ResourceConflictException": conflicting,
    "PreconditionFailedException": stale,
    "PolicyLengthExceededException": too_long,
    "ProvisionedConcurrencyConfigNotFoundException": lambda _: {
        "GetProvisionedConcurrencyConfig": {"Qualifier": "$LATEST"}
    },
    "ServiceException": lambda _: {name: {} for name in CALLS},
}
AT_ONCE = "a change is one transaction: nobody sees one under way"
BY_SHAPE = "what passes the model's limits is taken, and what does not is a ValidationException"
NO_SIGNING = "code is not signed: a configuration is refused by name"
# Of an error for all operations that have it, or for one.
REASONS: dict[str | tuple[str, str], str] = {
    "TooManyRequestsException": "the control plane has no limit of its own on requests: one machine's people share it",
    "CodeStorageExceededException": "the disk is the limit, and a full one is a ServiceUnavailableException",
    "CodeSigningConfigNotFoundException": NO_SIGNING,
    "InvalidCodeSignatureException": NO_SIGNING,
    "CodeVerificationFailedException": NO_SIGNING,
    "FunctionVersionsPerCapacityProviderLimitExceededException": "there are no capacity providers",
    "PublicPolicyException": "no setting of an account forbids public policies",
    "ResourceInUseException": "a mapping is changed at once, and is not in transition afterwards",
    "AliasLimitExceededException": "aliases are rows: they have no quota",
    **{("InvalidParameterValueException", name): BY_SHAPE for name in (
        "GetAlias", "DeleteAlias", "GetFunctionConcurrency", "DeleteFunctionConcurrency",
        "GetFunctionCodeSigningConfig", "GetFunctionRecursionConfig", "PutFunctionRecursionConfig",
        "GetFunctionUrlConfig", "UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig", "GetEventSourceMapping",
        "DeleteEventSourceMapping", "GetLayerVersionByArn",
    )},
    **{("ResourceConflictException", name): AT_ONCE for name in (
        "UpdateAlias", "DeleteAlias", "UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig", "RemovePermission",
        "TagResource", "UntagResource", "PutFunctionConcurrency", "DeleteFunctionConcurrency",
        "PutFunctionRecursionConfig", "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig",
        "DeleteFunctionEventInvokeConfig", "RemoveLayerVersionPermission", "PutRuntimeManagementConfig",
        "PutProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig", "UpdateEventSourceMapping",
        "DeleteEventSourceMapping",
    )},
    ("ResourceNotFoundException", "CreateFunction"): "a layer or object that is not there is an invalid parameter",
    ("ResourceNotFoundException", "ListEventSourceMappings"): "of a function that is not there, there are none",
}  # fmt: skip
# Invoke and InvokeWithResponseStream are the gateway's: where each error is reached.
INVOKED = {
    "InvalidParameterValueException": "tests/runner/gateway/test_invoke_api.py",
    "InvalidRequestContentException": "tests/runner/gateway/test_invoke_api.py",
    "RecursiveInvocationException": "tests/runner/gateway/test_invoke_api.py",
    "RequestTooLargeException": "tests/contract_api/test_sdk.py",
    "ResourceConflictException": "tests/contract_api/test_states.py",
    "ResourceNotFoundException": "tests/contract_api/test_sdk.py",
    "ServiceException": "tests/runner/gateway/test_invoke_api.py",
    "TooManyRequestsException": "tests/runner/gateway/test_invoke_api.py",
    "KMSNotFoundException": "tests/functions/services/test_secrets.py",
}
IN_CODE = {"KMSNotFoundException": "UnresolvedSecret"}
NO_NETWORK_OF_AWS = "functions have no elastic network interfaces and no shared file systems"
NO_KMS = "environments are sealed by the installation's own key"
CHECKED_AT_DEPLOY = "it is looked at when the function is deployed, and a deploy that fails changes nothing"
UNINVOKED = {
    "EC2": NO_NETWORK_OF_AWS,
    "EFS": NO_NETWORK_OF_AWS,
    "ENI": NO_NETWORK_OF_AWS,
    "S3Files": NO_NETWORK_OF_AWS,
    "InvalidSecurityGroupID": NO_NETWORK_OF_AWS,
    "InvalidSubnetID": NO_NETWORK_OF_AWS,
    "SubnetIPAddressLimitReached": NO_NETWORK_OF_AWS,
    "KMSAccessDenied": NO_KMS,
    "KMSDisabled": NO_KMS,
    "KMSInvalidState": NO_KMS,
    "SnapStart": "SnapStart is refused when a function is made",
    "CodeArtifactUser": CHECKED_AT_DEPLOY,
    "InvalidRuntime": CHECKED_AT_DEPLOY,
    "InvalidZipFile": CHECKED_AT_DEPLOY,
    "RuntimeAliasDeleted": CHECKED_AT_DEPLOY,
    "RuntimeVersionDeleted": CHECKED_AT_DEPLOY,
    "DurableExecution": "there are no durable executions",
    "ModeNotSupported": "there are no capacity providers, whose functions have modes",
    "NoPublishedVersion": "there are no capacity providers, whose functions need one",
    "ResourceNotReady": "a function that is not ready answers ResourceConflictException, as AWS's others do",
    "SerializedRequestEntityTooLarge": "a payload is not serialized again: RequestTooLargeException is its limit",
    "ServiceQuotaExceeded": "concurrency is the one quota, and TooManyRequestsException tells it",
    "UnsupportedMediaType": "a payload is read as JSON, whatever its header calls it",
}


def documented(name: str) -> set[str]:
    return {error.name for error in lambda_model().service.operation_model(name).error_shapes}


@pytest.fixture
def world(project: Project, principal: Principal) -> Function:
    """One of everything, and a second function that is still being made."""
    made = make_world(project, principal)
    create(sdk_of(principal), "new")
    return made


def test_nothing_that_is_documented_is_left_out(world: Function) -> None:
    reached = {(error, name) for error, changes in REACHED.items() for name in changes(world)}
    open_pairs, idle = set(), set(reached)
    for name in CALLS:
        for error in documented(name):
            idle.discard((error, name))
            if (error, name) not in reached and not REASONS.keys() & {error, (error, name)}:
                open_pairs.add((error, name))
    assert open_pairs == set()
    assert {
        pair for pair in idle if pair[0] not in {"ServiceException", "ResourceConflictException"}
    } == set()
    contradicted = {pair for pair in reached if REASONS.keys() & {pair[0], pair}}
    assert contradicted == set()


@pytest.mark.parametrize("error", list(REACHED))
def test_an_error_is_reached(
    world: Function, principal: Principal, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    if error == "PolicyLengthExceededException":
        monkeypatch.setattr(policies, "LONGEST_POLICY", 10)
    if error == "ServiceException":
        monkeypatch.setattr(views, "project_of", lambda _: 1 / 0)
    told = {}
    for name, change in REACHED[error](world).items():
        asked = {**CALLS[name], **addressed(name, world), **change}
        with undone():
            response = answer(name, {key: one for key, one in asked.items() if one is not None}, principal)
        told[name] = response.get("x-amzn-ErrorType", str(response.status_code))
    assert {name: code for name, code in told.items() if code != error} == {}


def test_every_error_of_invoke_is_reached_somewhere_or_has_a_reason() -> None:
    for name in ("Invoke", "InvokeWithResponseStream"):
        for error in documented(name):
            if error in INVOKED:
                told = Path(__file__).parents[3].joinpath(INVOKED[error]).read_text()
                assert IN_CODE.get(error, error.removesuffix("Exception")) in told, error
            else:
                assert any(error.startswith(start) for start in UNINVOKED), error
