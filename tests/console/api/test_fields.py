"""What answers always carry and never carry, conditions on revisions, rehearsals and publishing at once."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from functions.installation import store
from functions.models import Artifact, Deployment, Function
from functions.queries.access import person_principal
from functions.states import Role
from tests.console.api.sdk import SDK, create, refused, sdk_of, settle, zipped

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
ALWAYS = {
    "FunctionName",
    "FunctionArn",
    "Runtime",
    "Role",
    "Handler",
    "CodeSize",
    "Description",
    "Timeout",
    "MemorySize",
    "LastModified",
    "CodeSha256",
    "Version",
    "RevisionId",
    "LoggingConfig",
    "RuntimeVersionConfig",
    "SnapStart",
    "TracingConfig",
    "EphemeralStorage",
    "Architectures",
    "PackageType",
    "State",
}


def sha256(package: bytes) -> str:
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


def shown(sdk: SDK, **more: Any) -> dict[str, Any]:
    return sdk("GetFunctionConfiguration", FunctionName="hello", **more)


def test_a_configuration_has_what_aws_always_gives_and_nothing_empty(sdk: SDK, principal) -> None:
    made = create(sdk)
    assert set(made) == ALWAYS | {"StateReason", "StateReasonCode"}
    settle(principal)
    version = sdk("PublishVersion", FunctionName="hello")
    for configuration in (
        shown(sdk),
        version,
        shown(sdk, Qualifier="1"),
        sdk("GetFunction", FunctionName="hello")["Configuration"],
        sdk("ListFunctions")["Functions"][0],
        sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=4),
    ):
        assert set(configuration) - {"LastUpdateStatusReason", "LastUpdateStatusReasonCode"} == ALWAYS | {
            "LastUpdateStatus"
        }
        arn = configuration["RuntimeVersionConfig"]["RuntimeVersionArn"]
        assert arn.startswith("arn:aws:lambda:us-east-1::runtime:")
        assert None not in configuration.values()
    assert version["RevisionId"] != shown(sdk)["RevisionId"]


def test_logging_has_defaults_for_what_was_not_given(sdk: SDK, principal) -> None:
    made = create(sdk, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"})
    assert made["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "WARN",
        "LogGroup": "/aws/lambda/hello",
    }
    plain = create(sdk, "plain")
    assert plain["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/plain"}


def test_a_refusal_is_spelled_both_ways(project) -> None:
    response = Client().get("/2015-03-31/functions")
    body = json.loads(response.content)
    assert body["Message"] == body["message"]
    assert (body["Type"], response["x-amzn-ErrorType"]) == ("User", "AccessDeniedException")


def test_a_rehearsal_checks_all_and_keeps_nothing(sdk: SDK, principal, project, user) -> None:
    create(sdk)
    settle(principal)
    package = zipped("x = 'rehearsed'")
    dry = {"FunctionName": "hello", "DryRun": True}
    answer = sdk("UpdateFunctionCode", ZipFile=package, Publish=True, **dry)
    assert (answer["CodeSha256"], answer["CodeSize"]) == (sha256(package), len(package))
    assert answer["Version"] == "$LATEST"
    assert shown(sdk)["CodeSha256"] == sha256(zipped())
    assert Artifact.objects.count() == Deployment.objects.count() == 1
    digest = hashlib.sha256(package).hexdigest()
    assert not store().upload(digest).exists()
    assert refused(lambda: sdk("UpdateFunctionCode", ZipFile=b"no zip", **dry)).status == 400
    stale = refused(lambda: sdk("UpdateFunctionCode", ZipFile=package, RevisionId="x", **dry))
    assert stale.code == "PreconditionFailedException"
    viewer = sdk_of(person_principal(user, project, Role.VIEWER))
    assert refused(lambda: viewer("UpdateFunctionCode", ZipFile=package, **dry)).status == 403


def test_code_and_configuration_change_on_condition(sdk: SDK, principal) -> None:
    create(sdk)
    settle(principal)
    first = shown(sdk)["RevisionId"]
    sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=4, RevisionId=first)
    settle(principal)
    assert shown(sdk)["RevisionId"] != first
    for change in (
        lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=5, RevisionId=first),
        lambda: sdk("UpdateFunctionCode", FunctionName="hello", ZipFile=zipped("x = 1"), RevisionId=first),
        lambda: sdk("PublishVersion", FunctionName="hello", RevisionId=first),
    ):
        refusal = refused(change)
        assert (refusal.status, refusal.code) == (412, "PreconditionFailedException")
        assert refusal.message.startswith("The Revision Id provided does not match the latest Revision Id.")
    assert shown(sdk)["Timeout"] == 4


def test_publishing_asks_for_the_code_that_was_meant(sdk: SDK, principal) -> None:
    create(sdk)
    settle(principal)
    for wrong in (sha256(b"other"), "1", "not base64"):
        refusal = refused(lambda wrong=wrong: sdk("PublishVersion", FunctionName="hello", CodeSha256=wrong))
        assert (refusal.status, refusal.message) == (
            400,
            f"CodeSHA256 ({wrong}) is different from current CodeSHA256 in $LATEST ({sha256(zipped())}). Please "
            "try again with the CodeSHA256 in $LATEST.",
        )
    published = sdk("PublishVersion", FunctionName="hello", CodeSha256=sha256(zipped()))
    assert published["Version"] == "1"


def test_publishing_at_once_tells_the_number(sdk: SDK, principal) -> None:
    made = create(sdk, Publish=True)
    assert made["Version"] == "1"
    settle(principal)
    assert shown(sdk, Qualifier="1")["CodeSha256"] == sha256(zipped())
    package = zipped("x = 1")
    updated = sdk("UpdateFunctionCode", FunctionName="hello", ZipFile=package, Publish=True)
    arn = Function.objects.get().arn
    assert (updated["Version"], updated["FunctionArn"]) == ("2", f"{arn}:2")
    settle(principal)
    assert shown(sdk, Qualifier="2")["CodeSha256"] == sha256(package)


@pytest.mark.parametrize(
    "form",
    [
        "hello",
        "function:hello",
        "{account}:hello",
        "{account}:function:hello",
        "us-east-1:{account}:function:hello",
        "arn:aws:lambda:us-east-1:{account}:function:hello",
    ],
)
@pytest.mark.parametrize("suffix", ["", ":$LATEST", ":1", ":prod"])
def test_a_function_is_named_in_every_legal_form(
    sdk: SDK, project, principal, form: str, suffix: str
) -> None:
    create(sdk, Publish=True)
    settle(principal)
    sdk("CreateAlias", FunctionName="hello", Name="prod", FunctionVersion="1")
    name = form.format(account=project.account) + suffix
    arn = f"{Function.objects.get().arn}{suffix}"
    assert sdk("GetFunctionConfiguration", FunctionName=name)["FunctionArn"] == arn
    if suffix:
        beside = sdk("GetFunctionConfiguration", FunctionName=name, Qualifier=suffix[1:])
        assert beside["FunctionArn"] == arn
        differ = refused(lambda: sdk("GetFunctionConfiguration", FunctionName=name, Qualifier="other"))
        assert differ.message == (
            "The derived qualifier from the function name does not match the specified qualifier."
        )


def test_other_accounts_and_regions_are_refused(sdk: SDK, principal) -> None:
    create(sdk)
    far = refused(lambda: sdk("GetFunction", FunctionName="999999999999:function:hello"))
    assert far.code == "AccessDeniedException"
    arn = Function.objects.get().arn.replace("us-east-1", "eu-west-1")
    assert refused(lambda: sdk("GetFunction", FunctionName=arn)).code == "ResourceNotFoundException"
    assert refused(lambda: sdk("GetFunction", FunctionName="a:b:c:d")).code == "ValidationException"


def test_an_older_runtime_is_refused_in_awss_words_until_the_operator_lets_a_newer_one_stand_in(
    sdk: SDK, settings: Any
) -> None:
    refusal = refused(lambda: create(sdk, Runtime="python3.12"))
    assert (refusal.status, refusal.code) == (400, "InvalidParameterValueException")
    assert refusal.message.startswith(
        "The runtime parameter of python3.12 is no longer supported for creating"
    )
    settings.FUNCTORY = replace(settings.FUNCTORY, stand_in_runtimes=True)
    assert create(sdk, Runtime="python3.12")["Runtime"] == "python3.13"
