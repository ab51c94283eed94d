"""Operations through the relay's door, with botocore as the caller: what an SDK sends and how it reads the
answer, without a network."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import F
from django.test import Client

from functions.models import AuditEntry, Deployment, Function, FunctionUrl, Refusal
from functions.models.version import SEEN_FOR
from functions.queries.access import person_principal
from functions.services import deploys
from functions.states import DeploymentState, Role
from tests.console.api.sdk import ROLE, SDK, SdkError, create, refused, sdk_of, settle, work, zipped

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


def test_a_function_is_pending_until_it_is_stored_and_then_active(sdk: SDK, principal) -> None:
    made = create(sdk, Environment={"Variables": {"NAME": "x"}}, MemorySize=256, Tags={"a": "b"})
    assert made["State"] == "Pending"
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(zipped()).digest()).decode()
    settle(principal)
    found = sdk("GetFunction", FunctionName="hello")
    shown = found["Configuration"]
    assert (shown["State"], shown["LastUpdateStatus"], shown["Version"]) == (
        "Active",
        "Successful",
        "$LATEST",
    )
    assert (shown["MemorySize"], shown["Timeout"], shown["Role"]) == (256, 3, ROLE)
    assert shown["Environment"]["Variables"] == {"NAME": "x"}
    assert found["Tags"] == {"a": "b"}
    assert sdk("ListFunctions")["Functions"][0]["FunctionName"] == "hello"


def test_a_creation_is_seen_even_if_it_is_over_at_once(sdk: SDK, principal) -> None:
    create(sdk)
    work(principal)
    shown = sdk("GetFunctionConfiguration", FunctionName="hello")
    assert (shown["State"], shown["StateReasonCode"]) == ("Pending", "Creating")
    assert "LastUpdateStatus" not in shown
    assert sdk("ListFunctions")["Functions"][0]["State"] == "Pending"
    for change in (
        lambda: sdk("PublishVersion", FunctionName="hello"),
        lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9),
    ):
        words = "The function is currently in the following state: Pending"
        assert refused(change).message.endswith(words)


def test_an_update_is_seen_even_if_it_is_over_at_once(sdk: SDK, principal) -> None:
    arn = create(sdk)["FunctionArn"]
    settle(principal)
    updating = sdk("UpdateFunctionCode", FunctionName="hello", ZipFile=zipped("x = 1"))
    assert (updating["State"], updating["LastUpdateStatus"]) == ("Active", "InProgress")
    work(principal)
    assert sdk("GetFunctionConfiguration", FunctionName="hello")["LastUpdateStatus"] == "InProgress"
    text = f"The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    for change in (
        lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9),
        lambda: sdk("UpdateFunctionCode", FunctionName="hello", ZipFile=zipped("x = 2")),
        lambda: sdk("PublishVersion", FunctionName="hello"),
    ):
        refusal = refused(change)
        assert (refusal.status, refusal.code, refusal.message) == (409, "ResourceConflictException", text)
    Deployment.objects.update(created_at=F("created_at") - SEEN_FOR)
    assert sdk("GetFunctionConfiguration", FunctionName="hello")["LastUpdateStatus"] == "Successful"
    assert sdk("PublishVersion", FunctionName="hello")["Version"] == "1"


def test_the_console_need_not_wait(sdk: SDK, function, developer) -> None:
    asked = deploys.request_deploy(acting=developer, function=function)
    busy = refused(lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9))
    assert busy.code == "ResourceConflictException"
    deploys.advance(asked.pk, DeploymentState.SAVING)
    deploys.fail(deployment_id=asked.pk, error_type="X", message="It is broken.")
    assert sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9)["Timeout"] == 9
    deploys.request_deploy(acting=developer, function=function)


def test_a_failed_first_deploy_is_told(sdk: SDK) -> None:
    create(sdk)
    deployment = Deployment.objects.get()
    deploys.fail(deployment_id=deployment.pk, error_type="X", message="It is broken.")
    shown = sdk("GetFunctionConfiguration", FunctionName="hello")
    assert (shown["State"], shown["StateReason"]) == ("Failed", "It is broken.")


def test_code_and_settings_change_one_after_the_other(sdk: SDK, principal) -> None:
    create(sdk)
    busy = refused(lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9))
    assert (busy.status, busy.code) == (409, "ResourceConflictException")
    settle(principal)
    updating = sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9)
    assert (updating["Timeout"], updating["LastUpdateStatus"]) == (9, "InProgress")
    settle(principal)
    code = zipped("def handler(e, c): return 2")
    sdk("UpdateFunctionCode", FunctionName="hello", ZipFile=code, Publish=True)
    settle(principal)
    versions = sdk("ListVersionsByFunction", FunctionName="hello")["Versions"]
    assert [(row["Version"], row["Timeout"]) for row in versions] == [("$LATEST", 9), ("1", 9)]
    assert versions[0]["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()


@pytest.mark.parametrize("size", [1, 2, 50])
def test_versions_are_items_of_their_own_when_all_are_listed(sdk: SDK, principal, size: int) -> None:
    for name in ("b", "a"):
        create(sdk, name, Publish=True)
        settle(principal, name)
        sdk("UpdateFunctionConfiguration", FunctionName=name, Timeout=9)
        settle(principal, name)
        sdk("PublishVersion", FunctionName=name)
    found, marker = [], {}
    while True:
        page = sdk("ListFunctions", FunctionVersion="ALL", MaxItems=size, **marker)
        assert len(page["Functions"]) <= size
        found += [(row["FunctionName"], row["Version"]) for row in page["Functions"]]
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == [(name, version) for name in ("a", "b") for version in ("$LATEST", "1", "2")]
    for wrong in ("nonsense", sdk("ListFunctions", MaxItems=1)["NextMarker"]):
        answer = refused(lambda wrong=wrong: sdk("ListFunctions", FunctionVersion="ALL", Marker=wrong))
        assert answer.code == "InvalidParameterValueException"


def test_a_name_is_taken_once(sdk: SDK) -> None:
    create(sdk)
    assert refused(lambda: create(sdk)).code == "ResourceConflictException"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Runtime": "cobol85"}, "InvalidParameterValueException"),
        ({"MemorySize": 64}, "InvalidParameterValueException"),
        ({"MemorySize": 20_000}, "InvalidParameterValueException"),
        ({"Timeout": 901}, "InvalidParameterValueException"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException"),
        ({"Code": {"ImageUri": "x"}}, "InvalidParameterValueException"),
        ({"Layers": ["arn:aws:lambda:us-east-1:000000000001:layer:l:1"]}, "InvalidParameterValueException"),
        ({"Architectures": ["arm64"]}, "InvalidParameterValueException"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "InvalidParameterValueException"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(sdk: SDK, change: dict[str, Any], code: str) -> None:
    refusal = refused(lambda: create(sdk, **change))
    assert (refusal.code, refusal.status) == (code, 400)
    assert not Function.objects.exists()


def test_an_unknown_function_is_not_found(sdk: SDK) -> None:
    refusal = refused(lambda: sdk("GetFunction", FunctionName="nothing"))
    assert (refusal.status, refusal.code) == (404, "ResourceNotFoundException")
    assert refusal.message == (
        "Function not found: arn:aws:lambda:us-east-1:000000000001:function:nothing"
    ) or refusal.message.startswith("Function not found: arn:aws:lambda:us-east-1:")


def test_versions_and_aliases(sdk: SDK, principal) -> None:
    create(sdk)
    settle(principal)
    assert sdk("PublishVersion", FunctionName="hello", Description="one")["Version"] == "1"
    assert sdk("PublishVersion", FunctionName="hello")["Version"] == "1"
    sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=4)
    settle(principal)
    assert sdk("PublishVersion", FunctionName="hello")["Version"] == "2"
    sdk(
        "CreateAlias",
        FunctionName="hello",
        Name="prod",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}},
    )
    alias = sdk("GetAlias", FunctionName="hello", Name="prod")
    assert alias["RoutingConfig"]["AdditionalVersionWeights"] == {"2": 0.25}
    assert sdk("GetFunctionConfiguration", FunctionName="hello:prod")["Version"] == "1"
    sdk("UpdateAlias", FunctionName="hello", Name="prod", FunctionVersion="2", RoutingConfig={})
    assert "RoutingConfig" not in sdk("GetAlias", FunctionName="hello", Name="prod")
    in_use = refused(lambda: sdk("DeleteFunction", FunctionName="hello", Qualifier="2"))
    assert in_use.code == "ResourceConflictException"
    sdk("DeleteAlias", FunctionName="hello", Name="prod")
    sdk("DeleteFunction", FunctionName="hello", Qualifier="2")
    assert [row["Version"] for row in sdk("ListVersionsByFunction", FunctionName="hello")["Versions"]] == [
        "$LATEST",
        "1",
    ]


def test_a_function_url_is_made_changed_and_removed(sdk: SDK, principal) -> None:
    create(sdk)
    settle(principal)
    made = sdk("CreateFunctionUrlConfig", FunctionName="hello", AuthType="NONE")
    assert made["FunctionUrl"].endswith(f"/url/{FunctionUrl.objects.get().url_id}/")
    taken = refused(lambda: sdk("CreateFunctionUrlConfig", FunctionName="hello", AuthType="NONE"))
    assert taken.code == "ResourceConflictException"
    sdk("UpdateFunctionUrlConfig", FunctionName="hello", Cors={"AllowOrigins": ["https://a.example"]})
    assert sdk("GetFunctionUrlConfig", FunctionName="hello")["Cors"]["AllowOrigins"] == ["https://a.example"]
    sdk("DeleteFunctionUrlConfig", FunctionName="hello")
    assert refused(lambda: sdk("GetFunctionUrlConfig", FunctionName="hello")).status == 404


def test_tags_and_concurrency(sdk: SDK, principal) -> None:
    arn = create(sdk)["FunctionArn"]
    settle(principal)
    sdk("TagResource", Resource=arn, Tags={"team": "a", "stage": "b"})
    sdk("UntagResource", Resource=arn, TagKeys=["stage"])
    assert sdk("ListTags", Resource=arn)["Tags"] == {"team": "a"}
    sdk("PutFunctionConcurrency", FunctionName="hello", ReservedConcurrentExecutions=5)
    assert sdk("GetFunctionConcurrency", FunctionName="hello") == {"ReservedConcurrentExecutions": 5}
    too_much = refused(
        lambda: sdk("PutFunctionConcurrency", FunctionName="hello", ReservedConcurrentExecutions=901)
    )
    assert too_much.code == "InvalidParameterValueException"
    sdk("DeleteFunctionConcurrency", FunctionName="hello")
    assert sdk("GetFunctionConcurrency", FunctionName="hello") == {}
    usage = sdk("GetAccountSettings")["AccountUsage"]
    assert usage == {"TotalCodeSize": len(zipped()), "FunctionCount": 1}


def test_a_viewer_reads_and_changes_nothing(sdk: SDK, project, principal, user) -> None:
    create(sdk)
    viewer = sdk_of(person_principal(user, project, Role.VIEWER))
    assert viewer("GetFunction", FunctionName="hello")["Configuration"]["FunctionName"] == "hello"
    refusal = refused(lambda: viewer("DeleteFunction", FunctionName="hello"))
    assert (refusal.status, refusal.code) == (403, "AccessDeniedException")


def test_an_operation_that_is_not_built_says_so(sdk: SDK) -> None:
    refusal = refused(lambda: sdk("ListCapacityProviders"))
    assert "ListCapacityProviders is not supported" in refusal.message


def test_nobody_comes_in_without_the_gateways_word(project) -> None:
    response = Client().get("/2015-03-31/functions")
    assert response.status_code == 403
    forged = Client().get("/2015-03-31/functions", headers={"x-functory-principal": "e30.00"})
    assert forged.status_code == 403


def test_a_full_disk_is_named_and_any_other_fault_is_not(sdk, function, monkeypatch):
    def fail(words: str) -> SdkError:
        def refuse(*_args: Any, **_options: Any) -> None:
            raise OperationalError(words)

        monkeypatch.setattr(AuditEntry, "save", refuse)
        with pytest.raises(SdkError) as caught:
            sdk("UpdateFunctionConfiguration", FunctionName=function.name, Timeout=9)
        return caught.value

    full, other = fail("database or disk is full"), fail("database is locked")
    assert (full.status, full.code) == (503, "ServiceUnavailableException")
    assert "is full: nothing was stored" in full.message
    assert (other.status, other.code) == (500, "ServiceException")
    assert "The control plane failed" in other.message


def test_a_change_that_is_refused_is_kept_but_a_question_is_not(sdk, project):
    create(sdk, "one")
    error = refused(lambda: create(sdk, "one"))
    kept = Refusal.objects.get()
    assert (kept.operation, kept.function_name, kept.status) == ("CreateFunction", "one", 409)
    assert kept.error_type == error.code == "ResourceConflictException"
    refused(lambda: sdk("GetFunction", FunctionName="nobody"))
    assert Refusal.objects.count() == 1
