"""IAM's operations as an SDK sees them: roles, inline and managed policies, and every refusal."""

from __future__ import annotations

import json

import pytest

from functions.models import AuditEntry, IamRole
from functions.queries.roles import role_snapshot
from functions.services import role_policies, roles
from tests.console.api.neighbours import neighbour_of, refused

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
INVOKE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}],
    }
)
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture
def iam(principal):
    return neighbour_of(principal, "iam")


@pytest.fixture
def clerk(iam):
    return iam("CreateRole", RoleName="clerk", AssumeRolePolicyDocument=TRUST)["Role"]


def document(value: str) -> object:
    """As boto3 gives it, which decodes it; botocore's bare parser does not."""
    from urllib.parse import unquote

    return json.loads(unquote(value))


def test_a_role_is_made_read_listed_and_removed(iam, principal) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    given = {"Path": "/service-role/", "Description": "files", "MaxSessionDuration": 7200, "Tags": tags}
    made = iam("CreateRole", RoleName="clerk", AssumeRolePolicyDocument=TRUST, **given)["Role"]
    assert made["Arn"] == f"arn:aws:iam::{principal.account}:role/service-role/clerk"
    assert made["RoleId"].startswith("AROA")
    found = iam("GetRole", RoleName="CLERK")["Role"]
    assert found.pop("RoleLastUsed") == {}
    assert found == made
    assert document(found["AssumeRolePolicyDocument"]) == json.loads(TRUST)
    assert (found["Description"], found["MaxSessionDuration"], found["Tags"]) == ("files", 7200, tags)
    iam("UpdateAssumeRolePolicy", RoleName="clerk", PolicyDocument=TRUST.replace("lambda", "edgelambda"))
    assert "edgelambda" in iam("GetRole", RoleName="clerk")["Role"]["AssumeRolePolicyDocument"]
    iam("TagRole", RoleName="clerk", Tags=[{"Key": "b", "Value": "c"}])
    iam("UntagRole", RoleName="clerk", TagKeys=["team", "none"])
    assert iam("ListRoleTags", RoleName="clerk")["Tags"] == [{"Key": "b", "Value": "c"}]
    assert iam("ListInstanceProfilesForRole", RoleName="clerk")["InstanceProfiles"] == []
    iam("DeleteRole", RoleName="clerk")
    missing = refused(lambda: iam("GetRole", RoleName="clerk"))
    assert (missing.status, missing.code) == (404, "NoSuchEntity")
    assert missing.message == "The role with name clerk cannot be found."
    written = AuditEntry.objects.filter(target_kind="iamrole").order_by("at")
    assert written.first().action == "role.create"
    assert written.last().action == "role.delete"


def test_roles_come_in_pages(iam) -> None:
    for name in ("c", "a", "b"):
        iam("CreateRole", RoleName=name, Path="/x/", AssumeRolePolicyDocument=TRUST)
    first = iam("ListRoles", MaxItems=2)
    assert [role["RoleName"] for role in first["Roles"]] == ["a", "b"]
    assert first["IsTruncated"] is True
    second = iam("ListRoles", MaxItems=2, Marker=first["Marker"])
    assert ([role["RoleName"] for role in second["Roles"]], second["IsTruncated"]) == (["c"], False)
    assert iam("ListRoles", PathPrefix="/y/")["Roles"] == []
    assert refused(lambda: iam("ListRoles", Marker="nonsense")).code == "ValidationError"
    assert refused(lambda: iam("ListRoles", MaxItems=0)).code == "ValidationError"


def test_what_no_role_can_be(iam, clerk, monkeypatch) -> None:
    def make(**more):
        return refused(
            lambda: iam("CreateRole", **{"RoleName": "x", "AssumeRolePolicyDocument": TRUST, **more})
        )

    taken = make(RoleName="Clerk")
    assert (taken.status, taken.code) == (409, "EntityAlreadyExists")
    assert taken.message == "Role with name Clerk already exists."
    broken = make(AssumeRolePolicyDocument="{")
    assert (broken.status, broken.code) == (400, "MalformedPolicyDocument")
    assert make(RoleName="a b").code == "ValidationError"
    assert make(MaxSessionDuration=60).code == "ValidationError"
    assert make(Tags=[{"Key": "aws:x", "Value": ""}]).code == "ValidationError"
    assert make(AssumeRolePolicyDocument=TRUST.replace("lambda", "x" * 2100)).code == "LimitExceeded"
    monkeypatch.setattr(roles, "MOST_ROLES", 1)
    assert (make().status, make().code) == (409, "LimitExceeded")
    no_role = refused(lambda: iam("UpdateAssumeRolePolicy", RoleName="none", PolicyDocument=TRUST))
    assert no_role.code == "NoSuchEntity"
    assert refused(lambda: iam("DeleteRole", RoleName="none")).code == "NoSuchEntity"


def test_inline_policies(iam, clerk, principal, monkeypatch) -> None:
    role = {"RoleName": "clerk"}
    iam("PutRolePolicy", **role, PolicyName="p", PolicyDocument=INVOKE)
    iam("PutRolePolicy", **role, PolicyName="p", PolicyDocument=INVOKE.replace("Invoke", "Get"))
    assert iam("ListRolePolicies", **role)["PolicyNames"] == ["p"]
    found = iam("GetRolePolicy", **role, PolicyName="p")
    assert (found["RoleName"], found["PolicyName"]) == ("clerk", "p")
    assert "GetFunction" in str(document(found["PolicyDocument"]))
    kept = refused(lambda: iam("DeleteRole", **role))
    assert (kept.status, kept.code) == (409, "DeleteConflict")
    iam("DeleteRolePolicy", **role, PolicyName="p")
    for operation in ("GetRolePolicy", "DeleteRolePolicy"):
        gone = refused(lambda name=operation: iam(name, **role, PolicyName="p"))
        assert (gone.status, gone.code) == (404, "NoSuchEntity")
    broken = refused(lambda: iam("PutRolePolicy", **role, PolicyName="p", PolicyDocument=TRUST))
    assert broken.code == "MalformedPolicyDocument"
    monkeypatch.setattr(roles, "LONGEST_INLINE", 10)
    large = refused(lambda: iam("PutRolePolicy", **role, PolicyName="p", PolicyDocument=INVOKE))
    assert large.code == "LimitExceeded"


def test_managed_policies(iam, clerk, principal, monkeypatch) -> None:
    role = {"RoleName": "clerk"}
    made = iam("CreatePolicy", PolicyName="mine", PolicyDocument=INVOKE, Description="d", Path="/x/")[
        "Policy"
    ]
    mine = made["Arn"]
    assert mine == f"arn:aws:iam::{principal.account}:policy/x/mine"
    for arn in (mine, BASIC, BASIC):
        iam("AttachRolePolicy", **role, PolicyArn=arn)
    listed = iam("ListAttachedRolePolicies", **role)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in listed] == [BASIC, mine]
    found = iam("GetPolicy", PolicyArn=mine)["Policy"]
    assert (found["AttachmentCount"], found["DefaultVersionId"], found["Description"]) == (1, "v1", "d")
    version = iam("GetPolicyVersion", PolicyArn=mine, VersionId="v1")["PolicyVersion"]
    assert document(version["Document"]) == json.loads(INVOKE)
    assert refused(lambda: iam("GetPolicyVersion", PolicyArn=mine, VersionId="v2")).code == "NoSuchEntity"
    assert len(iam("ListPolicyVersions", PolicyArn=mine)["Versions"]) == 1
    used = refused(lambda: iam("DeletePolicy", PolicyArn=mine))
    assert (used.status, used.code) == (409, "DeleteConflict")
    assert refused(lambda: iam("DeleteRole", **role)).code == "DeleteConflict"
    for arn in (mine, BASIC):
        iam("DetachRolePolicy", **role, PolicyArn=arn)
        assert refused(lambda arn=arn: iam("DetachRolePolicy", **role, PolicyArn=arn)).code == "NoSuchEntity"
    iam("DeletePolicy", PolicyArn=mine)
    for operation in ("GetPolicy", "DeletePolicy"):
        assert refused(lambda name=operation: iam(name, PolicyArn=mine)).code == "NoSuchEntity"
    assert refused(lambda: iam("DeletePolicy", PolicyArn=BASIC)).code == "AccessDenied"
    monkeypatch.setattr(roles, "MOST_ATTACHED", 0)
    assert refused(lambda: iam("AttachRolePolicy", **role, PolicyArn=BASIC)).code == "LimitExceeded"


def test_what_no_policy_can_be(iam, monkeypatch) -> None:
    iam("CreatePolicy", PolicyName="mine", PolicyDocument=INVOKE)

    def make(**more):
        return refused(lambda: iam("CreatePolicy", **{"PolicyName": "x", "PolicyDocument": INVOKE, **more}))

    taken = make(PolicyName="Mine")
    assert (taken.status, taken.code) == (409, "EntityAlreadyExists")
    assert make(PolicyDocument=TRUST).code == "MalformedPolicyDocument"
    assert make(PolicyDocument=INVOKE.replace("*", "arn:aws:s3:::" + "x" * 6200)).code == "LimitExceeded"
    monkeypatch.setattr(role_policies, "MOST_POLICIES", 1)
    assert make().code == "LimitExceeded"


def test_policies_are_listed(iam, clerk) -> None:
    iam("CreatePolicy", PolicyName="mine", PolicyDocument=INVOKE)
    own = iam("ListPolicies", Scope="Local")["Policies"]
    assert [one["PolicyName"] for one in own] == ["mine"]
    aws = [one["PolicyName"] for one in iam("ListPolicies", Scope="AWS")["Policies"]]
    for name in ("AWSLambdaBasicExecutionRole", "AWSLambda_FullAccess", "AWSLambdaRole"):
        assert name in aws
    first = iam("ListPolicies", MaxItems=1)
    assert first["IsTruncated"] is True
    assert len(iam("ListPolicies", Marker=first["Marker"])["Policies"]) == len(aws)
    assert refused(lambda: iam("ListPolicies", Marker="x")).code == "ValidationError"
    iam("AttachRolePolicy", RoleName="clerk", PolicyArn=BASIC)
    used = iam("ListPolicies", OnlyAttached=True)["Policies"]
    assert [one["Arn"] for one in used] == [BASIC]


def test_a_viewer_changes_nothing(iam, clerk, viewer) -> None:
    looks = neighbour_of(viewer, "iam")
    assert looks("GetRole", RoleName="clerk")["Role"]["RoleName"] == "clerk"
    for change in (
        lambda: looks("CreateRole", RoleName="x", AssumeRolePolicyDocument=TRUST),
        lambda: looks("DeleteRole", RoleName="clerk"),
        lambda: looks("UpdateAssumeRolePolicy", RoleName="clerk", PolicyDocument=TRUST),
        lambda: looks("PutRolePolicy", RoleName="clerk", PolicyName="p", PolicyDocument=INVOKE),
        lambda: looks("AttachRolePolicy", RoleName="clerk", PolicyArn=BASIC),
        lambda: looks("CreatePolicy", PolicyName="p", PolicyDocument=INVOKE),
    ):
        assert (refused(change).status, refused(change).code) == (403, "AccessDenied")


def test_a_role_is_its_projects(iam, clerk, principal) -> None:
    from dataclasses import replace

    from tests.support import rows

    other = rows.make_project("Other")
    far = neighbour_of(replace(principal, project_id=str(other.pk), account=other.account), "iam")
    assert refused(lambda: far("GetRole", RoleName="clerk")).code == "NoSuchEntity"
    assert far("ListRoles")["Roles"] == []
    far("CreateRole", RoleName="clerk", AssumeRolePolicyDocument=TRUST)
    assert IamRole.objects.count() == 2


def test_what_a_role_may_is_the_sum_of_its_policies(iam, clerk, project) -> None:
    def permissions():
        return role_snapshot(project_id=project.pk, name="Clerk").permissions

    assert role_snapshot(project_id=project.pk, name="nobody").permissions is None
    assert permissions() == ()
    iam("PutRolePolicy", RoleName="clerk", PolicyName="p", PolicyDocument=INVOKE)
    iam("AttachRolePolicy", RoleName="clerk", PolicyArn=BASIC)
    mine = iam("CreatePolicy", PolicyName="mine", PolicyDocument=INVOKE)["Policy"]["Arn"]
    iam("AttachRolePolicy", RoleName="clerk", PolicyArn=mine)
    assert [one.actions[0] for one in permissions()] == [
        "lambda:InvokeFunction",
        "logs:CreateLogGroup",
        "lambda:InvokeFunction",
    ]
