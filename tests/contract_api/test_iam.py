"""STS and IAM for an unmodified SDK and the `aws` command, against the whole product: keys that end, roles that
restrict what a function may call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract_api.commands import aws
from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

ASKS = (Path(__file__).parents[1] / "runner/gateway/asks.py").read_text()
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
FULL = "arn:aws:iam::aws:policy/AWSLambda_FullAccess"
INVOKES = "arn:aws:iam::aws:policy/service-role/AWSLambdaRole"


def document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUST = document(Principal={"Service": "lambda.amazonaws.com", "AWS": ACCOUNT}, Action="sts:AssumeRole")
INVOKE = document(Action="lambda:InvokeFunction", Resource="*")


@pytest.fixture(scope="module")
def iam(product):
    return product.client(service="iam")


@pytest.fixture(scope="module")
def sts(product):
    return product.client(service="sts")


@pytest.fixture
def role(iam):
    """A role without policies; its name."""
    iam.create_role(RoleName="clerk", AssumeRolePolicyDocument=TRUST)
    yield "clerk"
    for policy in iam.list_attached_role_policies(RoleName="clerk")["AttachedPolicies"]:
        iam.detach_role_policy(RoleName="clerk", PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName="clerk")["PolicyNames"]:
        iam.delete_role_policy(RoleName="clerk", PolicyName=name)
    iam.delete_role(RoleName="clerk")


@pytest.fixture(scope="module")
def asking(product):
    """A function that asks AWS's endpoint, as the role `clerk`; and one to be asked for."""
    product.create("asked")
    product.create("asking", ASKS, Role=f"arn:aws:iam::{ACCOUNT}:role/clerk", Timeout=20)

    def ask(path="/2015-03-31/functions/asked/invocations", **event):
        return product.call("asking", {"path": path, **event})["payload"]

    return ask


def session_of(product, credentials, service="lambda"):
    return product.client(
        service=service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_who_calls(product, sts):
    found = sts.get_caller_identity()
    assert (found["Account"], found["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/admin")
    wrong = product.client(service="sts", aws_secret_access_key="x" * 40)
    assert refused(wrong.get_caller_identity)[:2] == ("SignatureDoesNotMatch", 403)
    unknown = product.client(service="sts", aws_access_key_id="AKIAAAAAAAAAAAAAAAAA")
    assert refused(unknown.get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
    assert refused(sts.get_session_token)[:2] == ("NotImplemented", 501)
    assert refused(product.client(service="iam").list_users)[:2] == ("NotImplemented", 501)


def test_a_role_and_its_policies(iam, role):
    found = iam.get_role(RoleName=role)["Role"]
    assert found["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert found["Arn"] in [one["Arn"] for one in iam.list_roles()["Roles"]]
    assert refused(iam.create_role, RoleName=role, AssumeRolePolicyDocument=TRUST)[:2] == (
        "EntityAlreadyExists",
        409,
    )
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=INVOKE)
    shown = iam.get_role_policy(RoleName=role, PolicyName="p")
    assert shown["PolicyDocument"] == json.loads(INVOKE)
    made = iam.create_policy(PolicyName="mine", PolicyDocument=INVOKE)["Policy"]
    iam.attach_role_policy(RoleName=role, PolicyArn=made["Arn"])
    assert refused(iam.delete_policy, PolicyArn=made["Arn"])[:2] == ("DeleteConflict", 409)
    assert refused(iam.delete_role, RoleName=role)[:2] == ("DeleteConflict", 409)
    iam.detach_role_policy(RoleName=role, PolicyArn=made["Arn"])
    iam.delete_policy(PolicyArn=made["Arn"])
    assert refused(iam.get_policy, PolicyArn=made["Arn"])[:2] == ("NoSuchEntity", 404)
    broken = {"RoleName": role, "PolicyName": "p", "PolicyDocument": "{"}
    assert refused(iam.put_role_policy, **broken)[:2] == ("MalformedPolicyDocument", 400)
    assert iam.get_policy(PolicyArn=BASIC)["Policy"]["Arn"] == BASIC


def test_waiters_and_paginators(iam, role):
    iam.get_waiter("role_exists").wait(RoleName=role, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    iam.get_waiter("policy_exists").wait(PolicyArn=BASIC, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 5})
    names = [policy["PolicyName"] for page in pages for policy in page["Policies"]]
    assert len(names) == len(set(names)) > 10


def test_a_session_works_until_it_is_over(product, sts, iam, role):
    product.create("asked-by-session")
    answer = sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="work", DurationSeconds=900
    )
    session = session_of(product, answer["Credentials"])
    call = {"FunctionName": "asked-by-session", "Payload": b"{}"}
    denied = refused(session.invoke, **call)
    assert denied[:2] == ("AccessDeniedException", 403)
    assert "no identity-based policy allows" in denied[2]
    iam.attach_role_policy(RoleName=role, PolicyArn=INVOKES)
    wait_for("the policy is heard of", lambda: _status(session, call) == 200, 10)
    assert refused(session.list_functions)[:2] == ("AccessDeniedException", 403)
    who = session_of(product, answer["Credentials"], "sts").get_caller_identity()
    assert who["Arn"] == answer["AssumedRoleUser"]["Arn"]
    forged = session_of(product, {**answer["Credentials"], "SessionToken": "x"})
    assert refused(forged.invoke, **call)[:2] == ("UnrecognizedClientException", 403)
    gone = session_of(product, _assume(sts, "brief", iam))
    assert gone.list_functions()["Functions"]
    iam.detach_role_policy(RoleName="brief", PolicyArn=FULL)
    iam.delete_role(RoleName="brief")
    ended = ("UnrecognizedClientException", 403)
    wait_for("keys of a deleted role end", lambda: _refusal(gone) == ended, 10)
    product.expire_sessions()
    assert refused(session.list_functions)[:2] == ("ExpiredTokenException", 403)
    over = session_of(product, answer["Credentials"], "sts")
    assert refused(over.get_caller_identity)[:2] == ("ExpiredToken", 403)
    over = session_of(product, answer["Credentials"], "logs")
    assert refused(over.describe_log_groups)[:2] == ("ExpiredTokenException", 400)


def _assume(sts, name, iam):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName=name, PolicyArn=FULL)
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return sts.assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]


def _refusal(client) -> tuple[str, int]:
    try:
        client.list_functions()
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200


def _status(client, call) -> int:
    try:
        return int(client.invoke(**call)["StatusCode"])
    except client.exceptions.ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


def test_a_function_calls_what_its_role_allows(asking, iam):
    who = {"path": "/", "form": "Action=GetCallerIdentity&Version=2011-06-15"}
    listing = {"path": "/2015-03-31/functions/", "method": "GET"}
    assert asking()["status"] == 200  # no such role: it may invoke, as ever
    assert "assumed-role/clerk/asking" in asking(**who)["body"]
    assert asking(**listing)["status"] == 403
    iam.create_role(RoleName="clerk", AssumeRolePolicyDocument=TRUST)
    wait_for("a role without policies allows nothing", lambda: asking()["status"] == 403, 10)
    assert asking()["error"] == "AccessDeniedException"
    iam.attach_role_policy(RoleName="clerk", PolicyArn=BASIC)
    assert asking()["status"] == 403
    iam.put_role_policy(RoleName="clerk", PolicyName="p", PolicyDocument=INVOKE)
    wait_for("its policy allows to invoke", lambda: asking()["status"] == 200, 10)
    assert asking(**listing)["status"] == 403
    lists = document(Action=["lambda:ListFunctions"], Resource="*")
    iam.put_role_policy(RoleName="clerk", PolicyName="p", PolicyDocument=lists)
    wait_for("it may list, and not invoke", lambda: asking()["status"] == 403, 10)
    assert asking(**listing)["status"] == 200
    iam.detach_role_policy(RoleName="clerk", PolicyArn=BASIC)
    iam.delete_role_policy(RoleName="clerk", PolicyName="p")
    iam.delete_role(RoleName="clerk")
    wait_for("there is no such role again", lambda: asking()["status"] == 200, 10)


def test_the_command(product, tmp_path):
    def run(*words: str) -> object:
        done = aws(product, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    assert run("sts", "get-caller-identity")["Account"] == ACCOUNT
    trust = tmp_path / "trust.json"
    trust.write_text(TRUST)
    named = ("--role-name", "typed")
    run("iam", "create-role", *named, "--assume-role-policy-document", f"file://{trust}")
    run("iam", "attach-role-policy", *named, "--policy-arn", BASIC)
    listed = run("iam", "list-attached-role-policies", *named)
    assert listed["AttachedPolicies"][0]["PolicyName"] == "AWSLambdaBasicExecutionRole"
    assert "DeleteConflict" in aws(product, "iam", "delete-role", *named).stderr
    run("iam", "detach-role-policy", *named, "--policy-arn", BASIC)
    run("iam", "delete-role", *named)
    assert "NoSuchEntity" in aws(product, "iam", "get-role", *named).stderr
