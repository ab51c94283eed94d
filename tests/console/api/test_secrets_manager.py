"""Secrets Manager's operations as an SDK sees them: each one, and every refusal."""

from __future__ import annotations

import pytest

from functions.installation import vault
from functions.models import AuditEntry, Secret
from functions.secret_references import reference
from functions.services import secrets
from functions.states import Role
from tests.console.api.neighbours import neighbour_of, refused
from tests.support import rows

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


@pytest.fixture
def manager(principal):
    return neighbour_of(principal, "secretsmanager")


@pytest.fixture
def made(manager):
    return manager("CreateSecret", Name="shop/db", SecretString="first-value", Description="of the shop")


def test_one_is_made_and_read_by_name_and_by_arn(manager, made):
    assert made["ARN"].startswith("arn:aws:secretsmanager:us-east-1:")
    assert made["ARN"].rpartition("-")[0].endswith(":secret:shop/db")
    for asked in ("shop/db", made["ARN"], made["ARN"][:-7]):
        found = manager("GetSecretValue", SecretId=asked)
        assert (found["SecretString"], found["VersionId"]) == ("first-value", made["VersionId"])
        assert found["VersionStages"] == ["AWSCURRENT"]
    assert AuditEntry.objects.filter(action="secret.reveal").count() == 3


@pytest.mark.parametrize(
    "asked",
    ["shop", "shop/db-abcdef", "arn:aws:secretsmanager:us-east-1:000000000000:secret:shop/db", "arn:aws:x"],
)
def test_one_that_is_not_there(manager, made, asked):
    for name in ("GetSecretValue", "DescribeSecret", "DeleteSecret"):
        error = refused(lambda name=name: manager(name, SecretId=asked))
        assert (error.status, error.code) == (400, "ResourceNotFoundException")


def test_another_value_has_another_version_and_the_old_one_is_gone(manager, made):
    put = manager("PutSecretValue", SecretId="shop/db", SecretString="second-value")
    assert put["VersionId"] != made["VersionId"]
    assert manager("GetSecretValue", SecretId="shop/db")["SecretString"] == "second-value"
    old = refused(lambda: manager("GetSecretValue", SecretId="shop/db", VersionId=made["VersionId"]))
    assert old.code == "ResourceNotFoundException"
    stage = refused(lambda: manager("GetSecretValue", SecretId="shop/db", VersionStage="AWSPREVIOUS"))
    assert stage.code == "ResourceNotFoundException"


def test_value_and_description_are_updated_each_by_itself(manager, made):
    assert manager("UpdateSecret", SecretId="shop/db", Description="new")["VersionId"] == made["VersionId"]
    manager("UpdateSecret", SecretId="shop/db", SecretString="second-value")
    shown = manager("DescribeSecret", SecretId="shop/db")
    assert shown["Description"] == "new"
    assert list(shown["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
    assert "SecretString" not in shown
    assert manager("GetSecretValue", SecretId="shop/db")["SecretString"] == "second-value"


def test_they_are_listed_page_by_page(manager):
    for name in ("c", "a", "b"):
        manager("CreateSecret", Name=name, SecretString="v")
    first = manager("ListSecrets", MaxResults=2)
    assert [each["Name"] for each in first["SecretList"]] == ["a", "b"]
    second = manager("ListSecrets", MaxResults=2, NextToken=first["NextToken"])
    assert [each["Name"] for each in second["SecretList"]] == ["c"]
    assert "NextToken" not in second


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Name": "shop/db", "SecretString": "v"}, "ResourceExistsException"),
        ({"Name": "has space", "SecretString": "v"}, "InvalidParameterException"),
        ({"Name": "n"}, "InvalidParameterException"),
        ({"Name": "n", "SecretString": "v", "KmsKeyId": "k"}, "NotImplementedException"),
        ({"Name": "n", "SecretBinary": b"v"}, "NotImplementedException"),
    ],
)
def test_what_cannot_be_made(manager, made, given, code):
    assert refused(lambda: manager("CreateSecret", **given)).code == code
    assert Secret.objects.count() == 1


def test_deleting_has_to_be_forced_and_is_refused_while_a_function_needs_it(manager, made, function):
    assert refused(lambda: manager("DeleteSecret", SecretId="shop/db")).code == "InvalidRequestException"
    sealed = vault().seal_environment({"PASSWORD": reference("shop/db")})
    secrets.bind(rows.deploy(function, environment=sealed).latest)
    needed = refused(lambda: manager("DeleteSecret", SecretId="shop/db", ForceDeleteWithoutRecovery=True))
    assert needed.code == "InvalidRequestException"
    assert "hello would fail" in needed.message
    rows.deploy(function)
    assert manager("DeleteSecret", SecretId="shop/db", ForceDeleteWithoutRecovery=True)["Name"] == "shop/db"
    assert not Secret.objects.exists()


@pytest.mark.parametrize(
    ("role", "operation", "allowed"),
    [
        (Role.VIEWER, "DescribeSecret", True),
        (Role.VIEWER, "GetSecretValue", False),
        (Role.VIEWER, "PutSecretValue", False),
        (Role.DEVELOPER, "PutSecretValue", True),
        (Role.DEVELOPER, "GetSecretValue", False),
        (Role.OPERATOR, "GetSecretValue", True),
    ],
)
def test_the_role_in_the_project_decides(project, made, role, operation, allowed):
    somebody = rows.make_user(project, "somebody", role)
    manager = neighbour_of(rows.principal_of(project, somebody, role), "secretsmanager")
    more = {"SecretString": "v"} if operation == "PutSecretValue" else {}

    def call():
        return manager(operation, SecretId="shop/db", **more)

    if allowed:
        assert call()["Name"] == "shop/db"
    else:
        assert refused(call).code == "AccessDeniedException"


def test_what_functory_does_not_have_says_so(manager):
    error = refused(lambda: manager("GetRandomPassword"))
    assert (error.status, error.code) == (501, "NotImplementedException")
