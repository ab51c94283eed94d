"""AssumeRole and what its keys may do, as an SDK sees it; the gateway's side is in tests/runner/gateway."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from functions.models import AuditEntry, IamSession, Membership
from functions.queries.sessions import key_by_id
from functions.services.sessions import discard_sessions
from functions.snapshots import Principal
from functions.states import Role
from functions.tokens import token_hash
from tests.console.api.neighbours import neighbour_of, refused
from tests.console.api.sdk import ROLE, create, sdk_of, settle, zipped
from tests.console.api.sdk import refused as lambda_refused

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


def trust(principal: object = "*", **more: object) -> str:
    given = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [given]})


def allow(action: object, resource: object = "*") -> str:
    given = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [given]})


@pytest.fixture
def iam(principal):
    return neighbour_of(principal, "iam")


@pytest.fixture
def sts(principal):
    return neighbour_of(principal, "sts")


@pytest.fixture
def strict(settings):
    settings.FUNCTORY = replace(settings.FUNCTORY, strict_roles=True)


def make_role(iam, name="clerk", **more):
    given = {"AssumeRolePolicyDocument": trust(), **more}
    return iam("CreateRole", RoleName=name, **given)["Role"]["Arn"]


def assume(sts, arn, **more):
    return sts("AssumeRole", RoleArn=arn, RoleSessionName="work", **more)


def session_principal(answer) -> Principal:
    """As the gateway knows whoever signs with these credentials."""
    key = key_by_id(answer["Credentials"]["AccessKeyId"])
    assert key
    return key.principal


def test_a_role_is_taken_on(iam, sts, principal) -> None:
    arn = make_role(iam)
    answer = assume(sts, arn, DurationSeconds=900)
    given, who = answer["Credentials"], answer["AssumedRoleUser"]
    assert given["AccessKeyId"].startswith("ASIA")
    assert 800 < (given["Expiration"] - timezone.now()).total_seconds() <= 900
    assert who["Arn"] == f"arn:aws:sts::{principal.account}:assumed-role/clerk/work"
    key = key_by_id(given["AccessKeyId"])
    assert key.secret == given["SecretAccessKey"]
    assert key.token_hash == token_hash(given["SessionToken"])
    assert given["SessionToken"] not in repr(IamSession.objects.values().get())
    found = neighbour_of(key.principal, "sts")("GetCallerIdentity")
    assert found == {"UserId": who["AssumedRoleId"], "Account": principal.account, "Arn": who["Arn"]}
    role_id = iam("GetRole", RoleName="clerk")["Role"]["RoleId"]
    assert who["AssumedRoleId"] == f"{role_id}:work"
    assert AuditEntry.objects.filter(action="role.assume", target_name="clerk/work").exists()


def test_whom_a_role_does_not_trust(iam, sts, principal) -> None:
    arn = make_role(iam, AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    denied = refused(lambda: assume(sts, arn))
    assert (denied.status, denied.code) == (403, "AccessDenied")
    assert denied.message == (
        f"User: {principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    )
    for named in (principal.account, principal.arn, f"arn:aws:iam::{principal.account}:root"):
        iam("UpdateAssumeRolePolicy", RoleName="clerk", PolicyDocument=trust({"AWS": named}))
        assert assume(sts, arn)["Credentials"]
    asks = {"StringEquals": {"sts:ExternalId": "seven"}}
    iam("UpdateAssumeRolePolicy", RoleName="clerk", PolicyDocument=trust(Condition=asks))
    assert refused(lambda: assume(sts, arn)).code == "AccessDenied"
    assert refused(lambda: assume(sts, arn, ExternalId="eight")).code == "AccessDenied"
    assert assume(sts, arn, ExternalId="seven")["Credentials"]


def test_what_cannot_be_taken_on(iam, sts, strict, principal) -> None:
    arn = make_role(iam)
    assert refused(lambda: assume(sts, "nothing-of-a-role-at-all")).code == "ValidationError"
    assert refused(lambda: assume(sts, f"{arn}-2")).code == "AccessDenied"
    far = arn.replace(principal.account, "999999999999")
    assert refused(lambda: assume(sts, far)).code == "AccessDenied"
    assert refused(lambda: assume(sts, arn, DurationSeconds=60)).code == "ValidationError"
    long = refused(lambda: assume(sts, arn, DurationSeconds=7200))
    assert (long.code, "MaxSessionDuration" in long.message) == ("ValidationError", True)
    assert refused(lambda: assume(sts, arn, Policy=allow("*"))).code == "NotImplemented"
    chained = neighbour_of(session_principal(assume(sts, arn)), "sts")
    iam("PutRolePolicy", RoleName="clerk", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    wide = make_role(iam, "wide", MaxSessionDuration=43200)
    assert "role chaining" in refused(lambda: assume(chained, wide, DurationSeconds=7200)).message
    assert assume(chained, wide)["Credentials"]


def test_a_role_that_does_not_exist_is_as_good_as_its_user(sts, principal, viewer) -> None:
    arn = f"arn:aws:iam::{principal.account}:role/x/anything"
    assert session_principal(assume(sts, arn)).role == Role.ADMINISTRATOR
    looks = session_principal(assume(neighbour_of(viewer, "sts"), arn))
    assert looks.role == Role.VIEWER
    assert lambda_refused(lambda: create(sdk_of(looks))).code == "AccessDeniedException"


def test_a_session_follows_the_rights_of_who_took_it_on(iam, sts, principal, user) -> None:
    key_id = assume(sts, make_role(iam))["Credentials"]["AccessKeyId"]
    Membership.objects.update(role=Role.VIEWER)
    assert key_by_id(key_id).principal.role == Role.VIEWER
    Membership.objects.all().delete()
    assert key_by_id(key_id) is None


def test_sessions_are_removed_when_they_are_long_over(iam, sts) -> None:
    assume(sts, make_role(iam))
    assert discard_sessions() == 0
    IamSession.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert discard_sessions() == 0
    assert key_by_id(IamSession.objects.get().key_id) is not None  # told as expired, not as unknown
    IamSession.objects.update(expires_at=timezone.now() - timedelta(days=2))
    assert discard_sessions() == 1


def test_a_session_may_do_what_its_roles_policies_allow(iam, sts, principal) -> None:
    create(sdk_of(principal))
    settle(principal)
    arn = make_role(iam)
    session = session_principal(assume(sts, arn))
    functions, roles = sdk_of(session), neighbour_of(session, "iam")
    mine = f"arn:aws:lambda:us-east-1:{principal.account}:function:hello"

    def may(*actions: str, resource: object = "*") -> None:
        iam("PutRolePolicy", RoleName="clerk", PolicyName="p", PolicyDocument=allow(list(actions), resource))

    def read():
        return functions("GetFunction", FunctionName="hello")

    nothing = lambda_refused(read)
    assert (nothing.status, nothing.code) == (403, "AccessDeniedException")
    assert nothing.message == (
        f"User: {session.arn} is not authorized to perform: lambda:GetFunction on resource: {mine} because no "
        "identity-based policy allows the lambda:GetFunction action"
    )
    may("lambda:Get*", resource=mine)
    assert read()["Configuration"]["FunctionName"] == "hello"
    assert lambda_refused(lambda: functions("ListFunctions")).code == "AccessDeniedException"
    assert lambda_refused(lambda: functions("GetFunction", FunctionName="other")).status == 403
    assert lambda_refused(lambda: functions("GetFunction", FunctionName="hello:1")).status == 403
    may("lambda:*", "iam:GetRole")
    assert functions("ListFunctions")["Functions"]
    assert roles("GetRole", RoleName="clerk")["Role"]["RoleName"] == "clerk"
    refusal = refused(lambda: roles("DeleteRole", RoleName="clerk"))
    assert (refusal.code, f"on resource: {arn} " in refusal.message) == ("AccessDenied", True)
    passing = lambda_refused(lambda: create(functions, "second"))
    assert "iam:PassRole" in passing.message
    may("lambda:*", "iam:PassRole")
    assert create(functions, "second")["FunctionName"] == "second"


def test_a_function_may_ask_for_what_its_role_allows(iam, principal) -> None:
    create(sdk_of(principal))
    settle(principal)
    inside = Principal("role", "f", "clerk/hello", principal.project_id, principal.account, Role.DEVELOPER)
    told = neighbour_of(inside, "sts")("GetCallerIdentity")
    assert told["Arn"].endswith(":assumed-role/clerk/hello")
    nobody = lambda_refused(lambda: sdk_of(inside)("GetFunction", FunctionName="hello"))
    assert (nobody.status, "the role clerk does not exist" in nobody.message) == (403, True)
    make_role(iam)
    assert lambda_refused(lambda: sdk_of(inside)("GetFunction", FunctionName="hello")).status == 403
    iam("PutRolePolicy", RoleName="clerk", PolicyName="p", PolicyDocument=allow("lambda:GetFunction"))
    assert sdk_of(inside)("GetFunction", FunctionName="hello")["Configuration"]


def test_where_roles_have_to_exist(iam, principal, strict) -> None:
    sdk = sdk_of(principal)
    account = principal.account
    mine = ROLE.replace("000000000001", account)
    refusal = lambda_refused(lambda: create(sdk, Role=mine))
    assert (refusal.status, refusal.code) == (400, "InvalidParameterValueException")
    assert refusal.message == "The role defined for the function cannot be assumed by Lambda."
    make_role(iam, "r", AssumeRolePolicyDocument=trust({"AWS": account}))
    assert lambda_refused(lambda: create(sdk, Role=mine)).code == "InvalidParameterValueException"
    lambda_trust = trust({"Service": "lambda.amazonaws.com"})
    iam("UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=lambda_trust)
    assert create(sdk, Role=mine)["Role"] == mine
    settle(principal)
    far = mine.replace(account, "999999999999")
    other = lambda_refused(lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Role=far))
    assert (other.status, other.code) == (403, "AccessDeniedException")
    gone = lambda_refused(lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Role=f"{mine}2"))
    assert gone.code == "InvalidParameterValueException"
    assert sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9)["Timeout"] == 9
    settle(principal)
    assert sdk("UpdateFunctionCode", FunctionName="hello", ZipFile=zipped("x = 1"))


def test_any_well_formed_role_will_do_otherwise(principal) -> None:
    assert create(sdk_of(principal), Role="arn:aws:iam::999999999999:role/any")["State"] == "Pending"
    broken = lambda_refused(lambda: create(sdk_of(principal), "two", Role="any"))
    assert broken.code == "ValidationException"


def test_keys_of_a_role_end_with_the_role(iam, sts) -> None:
    """Otherwise they would do more than the role allowed, once there is no role to restrict them."""
    key_id = assume(sts, make_role(iam))["Credentials"]["AccessKeyId"]
    iam("DeleteRole", RoleName="clerk")
    assert key_by_id(key_id) is None
    make_role(iam)
    assert key_by_id(key_id) is None


def test_who_acts_as_a_role_takes_on_none_that_does_not_exist(iam, sts, principal) -> None:
    """It would restrict nothing."""
    arn = make_role(iam)
    iam("PutRolePolicy", RoleName="clerk", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    session = session_principal(assume(sts, arn))
    inside = Principal("role", "f", "clerk/hello", principal.project_id, principal.account, Role.DEVELOPER)
    for acting in (session, inside):
        limited = neighbour_of(acting, "sts")
        assert assume(limited, arn)["Credentials"]
        assert refused(lambda limited=limited: assume(limited, f"{arn}-2")).code == "AccessDenied"
