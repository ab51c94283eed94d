"""IAM's policies: what is one, and what follows from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.aws_policies import aws_policies, aws_policy
from functions.entitlements import check_entitled, context_of
from functions.errors import AccessDenied, MalformedPolicyDocument
from functions.permissions import Asking, Decision, admits, decide
from functions.policy_documents import read_permissions, read_trust
from functions.snapshots import Principal

ARN = "arn:aws:lambda:us-east-1:000000000001:function:hello"
INVOKE = "lambda:InvokeFunction"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": INVOKE, "Resource": "*", **more}


def decided(*statements: dict[str, Any], action: str = INVOKE, on: str = ARN, **context: str) -> Decision:
    keys = {name.replace("_", ":", 1): value for name, value in context.items()}
    return decide(read_permissions(policy(*statements)), Asking(action, on, keys))


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (allow(), True),
        (allow(Action="lambda:*"), True),
        (allow(Action="lambda:Invoke*"), True),
        (allow(Action="LAMBDA:invokefunction"), True),
        (allow(Action=["s3:*", "*"]), True),
        (allow(Action="lambda:InvokeFunctio?"), True),
        (allow(Action="lambda:Get*"), False),
        (allow(Action="s3:*"), False),
        (allow(Resource=ARN), True),
        (allow(Resource=["arn:aws:s3:::x", ARN]), True),
        (allow(Resource="arn:aws:lambda:*:*:function:he*"), True),
        (allow(Resource="arn:aws:lambda:us-east-1:000000000001:function:h?llo"), True),
        (allow(Resource="arn:aws:lambda:us-east-1:000000000001:function:[h]ello"), False),
        (allow(Resource=ARN.upper().replace("ARN:AWS", "arn:aws")), False),
        (allow(Resource=f"{ARN}:*"), False),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "lambda:*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*"}, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": ARN}, False),
    ],
)
def test_what_a_statement_allows(statement: dict[str, Any], allowed: bool) -> None:
    assert decided(statement) is (Decision.ALLOWED if allowed else Decision.NOT_ALLOWED)


def test_one_deny_counts_more_than_any_allow() -> None:
    deny = {"Effect": "Deny", "Action": INVOKE, "Resource": f"{ARN}"}
    assert decided(allow(), deny) is Decision.DENIED
    assert decided(deny, allow()) is Decision.DENIED
    assert decided(allow(), deny, on=f"{ARN}-2") is Decision.ALLOWED
    assert decided() is Decision.NOT_ALLOWED


@pytest.mark.parametrize(
    ("condition", "context", "met"),
    [
        ({"StringEquals": {"aws:Name": "a"}}, {"aws_name": "a"}, True),
        ({"StringEquals": {"aws:Name": ["b", "a"]}}, {"aws_name": "a"}, True),
        ({"StringEquals": {"aws:Name": "a"}}, {"aws_name": "A"}, False),
        ({"StringEquals": {"aws:Name": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"aws:Name": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"aws:Name": "a"}}, {"aws_name": "b"}, False),
        ({"StringEqualsIgnoreCase": {"aws:Name": "a"}}, {"aws_name": "A"}, True),
        ({"StringNotEquals": {"aws:Name": ["a", "b"]}}, {"aws_name": "b"}, False),
        ({"StringNotEquals": {"aws:Name": "a"}}, {}, True),
        ({"StringLike": {"aws:Name": "a*"}}, {"aws_name": "abc"}, True),
        ({"StringNotLike": {"aws:Name": "a*"}}, {"aws_name": "abc"}, False),
        ({"ForAnyValue:StringLike": {"aws:Name": "a*"}}, {"aws_name": "abc"}, True),
        ({"ForAllValues:StringLike": {"aws:Name": "a*"}}, {}, True),
        ({"Bool": {"aws:Name": True}}, {"aws_name": "true"}, True),
        ({"Bool": {"aws:Name": "false"}}, {"aws_name": "true"}, False),
        ({"Null": {"aws:Name": "true"}}, {}, True),
        ({"Null": {"aws:Name": "false"}}, {}, False),
        ({"NumericLessThan": {"aws:Name": 5}}, {"aws_name": "4"}, True),
        ({"NumericLessThan": {"aws:Name": "5"}}, {"aws_name": "5"}, False),
        ({"NumericGreaterThanEquals": {"aws:Name": "5"}}, {"aws_name": "5"}, True),
        ({"NumericEquals": {"aws:Name": "5"}}, {"aws_name": "many"}, False),
        ({"DateLessThan": {"aws:Name": "2026-01-01T00:00:00Z"}}, {"aws_name": "2025-12-31T23:59:59Z"}, True),
        ({"DateGreaterThan": {"aws:Name": "1767225600"}}, {"aws_name": "2026-01-01T00:00:01Z"}, True),
        ({"IpAddress": {"aws:Name": "10.0.0.0/8"}}, {"aws_name": "10.2.3.4"}, True),
        ({"NotIpAddress": {"aws:Name": "10.0.0.0/8"}}, {"aws_name": "10.2.3.4"}, False),
        ({"IpAddress": {"aws:Name": "10.0.0.0/8"}}, {"aws_name": "nowhere"}, False),
        ({"ArnLike": {"aws:Name": "arn:aws:s3:::a*"}}, {"aws_name": "arn:aws:s3:::abc"}, True),
        ({"ArnLike": {"aws:Name": "arn:aws:s3:*a"}}, {"aws_name": "arn:aws:s3:::a"}, False),
        ({"StringEquals": {"aws:Name": "a"}, "Bool": {"aws:Two": "true"}}, {"aws_name": "a"}, False),
        ({"StringEquals": {"aws:Name": "${aws:two}"}}, {"aws_name": "x", "aws_two": "x"}, True),
        ({"StringLike": {"aws:Name": "${aws:two}"}}, {"aws_name": "xyz", "aws_two": "x*"}, False),
        ({"StringLike": {"aws:Name": "x${*}"}}, {"aws_name": "x*"}, True),
        ({"StringLike": {"aws:Name": "x${*}"}}, {"aws_name": "xy"}, False),
        ({"StringEquals": {"aws:Name": "${aws:none}"}}, {"aws_name": ""}, False),
        ({"StringEquals": {"aws:Name": "${aws:none, 'q'}"}}, {"aws_name": "q"}, True),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, str], met: bool) -> None:
    found = decided(allow(Condition=condition), **context)
    assert found is (Decision.ALLOWED if met else Decision.NOT_ALLOWED)


def test_a_variable_in_a_resource() -> None:
    mine = allow(Resource="arn:aws:lambda:us-east-1:000000000001:function:${aws:username}")
    assert decided(mine, aws_username="hello") is Decision.ALLOWED
    assert decided(mine, aws_username="h*") is Decision.NOT_ALLOWED
    assert decided(mine) is Decision.NOT_ALLOWED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "invalid Json"),
        ("[]", "invalid Json"),
        ('{"Statement": [], "Statement": []}', "invalid Json"),
        ("[" * 100_000, "invalid Json"),
        ("{}", "Syntax errors in policy."),
        ('{"Statement": ["x"]}', "Syntax errors in policy."),
        ('{"Statement": [], "Extra": 1}', "Syntax errors in policy."),
        ('{"Version": "2020-01-01", "Statement": []}', "valid version string"),
        (policy(allow(Effect="Maybe")), "Effect"),
        (policy(allow(Extra=1)), "Syntax errors"),
        (policy(allow(Action=[])), "Syntax errors"),
        (policy(allow(Action=7)), "Syntax errors"),
        (policy(allow(Action="invoke")), "prefaced by a vendor"),
        (policy(allow(NotAction="s3:*")), "must contain actions"),
        (policy({"Effect": "Allow", "Resource": "*"}), "must contain actions"),
        (policy({"Effect": "Allow", "Action": "*"}), "must contain resources"),
        (policy(allow(Resource="hello")), "must be in ARN format"),
        (policy(allow(Principal="*")), "should not specify a principal"),
        (policy(allow(Sid="a b!")), "alpha-numeric"),
        (policy(allow(Sid="a"), allow(Sid="a")), "must be unique"),
        (policy(allow(Condition={"Looks": {"a": "b"}})), "Invalid Condition type"),
        (policy(allow(Condition=["x"])), "Syntax errors"),
        (policy(allow(Condition={"Bool": {"a": {}}})), "Syntax errors"),
    ],
)
def test_what_is_no_policy(text: str, words: str) -> None:
    with pytest.raises(MalformedPolicyDocument, match=words):
        read_permissions(text)


def trust(**more: Any) -> str:
    given = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return policy({**given, **more})


@pytest.mark.parametrize(
    ("text", "names", "trusted"),
    [
        (trust(), {"lambda.amazonaws.com"}, True),
        (trust(), {"ec2.amazonaws.com"}, False),
        (
            trust(Principal={"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}),
            {"lambda.amazonaws.com"},
            True,
        ),
        (trust(Principal={"AWS": "000000000001"}), {"arn:aws:iam::000000000001:root"}, True),
        (trust(Principal="*"), {"anybody"}, True),
        (trust(Effect="Deny"), {"lambda.amazonaws.com"}, False),
        (trust(Action="sts:TagSession"), {"lambda.amazonaws.com"}, False),
        (trust(Action="sts:*"), {"lambda.amazonaws.com"}, True),
        (trust(Condition={"StringEquals": {"sts:ExternalId": "7"}}), {"lambda.amazonaws.com"}, False),
    ],
)
def test_whom_a_role_trusts(text: str, names: set[str], trusted: bool) -> None:
    assert admits(read_trust(text), names, Asking("sts:AssumeRole", "arn:r")) is trusted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (trust(Resource="*"), "prohibited field Resource"),
        (trust(Principal={}), "Principal"),
        (trust(Principal={"AWS": "nobody"}), "Invalid principal"),
        (trust(Principal={"Other": "x"}), "Invalid principal"),
        (trust(Action="lambda:InvokeFunction"), "only specify STS"),
        (policy({"Effect": "Allow", "NotPrincipal": "*", "Action": "sts:AssumeRole"}), "Principal"),
    ],
)
def test_what_is_no_trust_policy(text: str, words: str) -> None:
    with pytest.raises(MalformedPolicyDocument, match=words):
        read_trust(text)


def test_awss_own_policies_can_be_read() -> None:
    for name, one in aws_policies().items():
        assert read_permissions(one.document)
        assert aws_policy(one.arn) is one
        assert one.arn.endswith(f"/{name}")
    basic = aws_policy("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    invoke = aws_policy("arn:aws:iam::aws:policy/service-role/AWSLambdaRole")
    assert basic and invoke
    assert decide(read_permissions(basic.document), Asking(INVOKE, ARN)) is Decision.NOT_ALLOWED
    assert decide(read_permissions(invoke.document), Asking(INVOKE, ARN)) is Decision.ALLOWED
    assert aws_policy("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole") is None


def acting(*statements: dict[str, Any]) -> Principal:
    permissions = read_permissions(policy(*statements))
    return Principal("role", "1", "clerk/hello", "p", "000000000001", "developer", permissions=permissions)


def test_a_role_is_told_why_it_may_not() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    check_entitled(acting(allow()), INVOKE, ARN, "us-east-1", now)
    with pytest.raises(AccessDenied) as caught:
        check_entitled(acting(), INVOKE, ARN, "us-east-1", now)
    assert caught.value.message == (
        "User: arn:aws:sts::000000000001:assumed-role/clerk/hello is not authorized to perform: "
        f"lambda:InvokeFunction on resource: {ARN} because no identity-based policy allows the "
        "lambda:InvokeFunction action"
    )
    with pytest.raises(AccessDenied, match="with an explicit deny in an identity-based policy"):
        check_entitled(acting(allow(), allow(Effect="Deny")), INVOKE, ARN, "us-east-1", now)


def test_what_policies_can_ask_about() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    role = context_of(acting(), "us-east-1", now)
    assert role["aws:principalarn"] == "arn:aws:iam::000000000001:role/clerk"
    assert role["aws:requestedregion"] == "us-east-1"
    assert "aws:username" not in role
    person = context_of(Principal("user", "1", "ada", "p", "000000000001", "developer", "::1"), "x", now)
    assert (person["aws:username"], person["aws:sourceip"]) == ("ada", "::1")
