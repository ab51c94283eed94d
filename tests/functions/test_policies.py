"""Statements of resource policies: how they are written, and whom they allow what."""

import pytest

from functions.errors import InvalidParameterValue
from functions.policies import (
    ANYONE,
    INVOKE,
    INVOKE_URL,
    allows,
    names_of,
    public_url_statement,
    read_statement,
    statement_document,
)
from functions.snapshots import Principal

ACCOUNT = "111122223333"
ADA = Principal("user", "1", "ada", "p", ACCOUNT, "developer")
ROLE = Principal("role", "f", "worker/hello", "p", ACCOUNT, "developer")
BUCKET = "arn:aws:s3:::photos"


def allowed(document, names, action=INVOKE, **context):
    return allows([read_statement(document)], names, action, context)


@pytest.mark.parametrize(
    ("principal", "member"),
    [
        ("*", "*"),
        (ACCOUNT, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        (ADA.arn, {"AWS": ADA.arn}),
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
    ],
)
def test_principals_are_written_as_aws_does(principal, member):
    assert statement_document("s", INVOKE, principal)["Principal"] == member


@pytest.mark.parametrize(
    "principal", ["", "s3", "12345", "arn:aws:lambda:us-east-1::x", "s3.example.com", "**"]
)
def test_what_is_no_principal_is_refused(principal):
    with pytest.raises(InvalidParameterValue, match="principal was invalid"):
        statement_document("s", INVOKE, principal)


def test_conditions_are_written_as_aws_does():
    document = statement_document("s", INVOKE, "s3.amazonaws.com", SourceArn=BUCKET, SourceAccount=ACCOUNT)
    assert document == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": INVOKE,
        "Condition": {
            "ArnLike": {"AWS:SourceArn": BUCKET},
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        },
    }
    via = statement_document("s", INVOKE, "*", InvokedViaFunctionUrl=True)
    assert via["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    with pytest.raises(InvalidParameterValue, match="only supported for lambda:InvokeFunctionUrl"):
        statement_document("s", INVOKE, "*", FunctionUrlAuthType="NONE")


def test_an_account_is_its_people_elsewhere_and_nobody_at_home():
    document = statement_document("s", INVOKE, ACCOUNT)
    assert allowed(document, names_of(ADA, same_account=False))
    assert not allowed(document, names_of(ADA, same_account=True))
    named = statement_document("s", INVOKE, ADA.arn)
    assert allowed(named, names_of(ADA, same_account=True))
    assert not allowed(named, names_of(ROLE, same_account=True))


def test_a_role_is_meant_by_its_own_arn():
    document = statement_document("s", INVOKE, f"arn:aws:iam::{ACCOUNT}:role/worker")
    assert allowed(document, names_of(ROLE, same_account=False))
    assert not allowed(document, names_of(ADA, same_account=False))


@pytest.mark.parametrize(
    ("stated", "asked", "answer"),
    [
        (INVOKE, INVOKE, True),
        ("lambda:invokefunction", INVOKE, True),
        ("lambda:*", INVOKE_URL, True),
        ("*", INVOKE, True),
        (INVOKE, INVOKE_URL, False),
        ("lambda:GetFunction", INVOKE, False),
    ],
)
def test_actions(stated, asked, answer):
    assert allowed(statement_document("s", stated, "*"), ANYONE, asked) is answer


def test_a_condition_on_what_the_call_does_not_have_is_not_met():
    document = statement_document("s", INVOKE, "*", SourceArn=f"{BUCKET}*")
    assert not allowed(document, ANYONE)
    assert allowed(document, ANYONE, **{"aws:SourceArn": f"{BUCKET}-2"})
    assert not allowed(document, ANYONE, **{"aws:SourceArn": "arn:aws:s3:::other"})


def test_a_public_url_is_public_only_without_signatures():
    document = public_url_statement()
    assert allowed(document, ANYONE, INVOKE_URL, **{"lambda:FunctionUrlAuthType": "NONE"})
    assert not allowed(document, ANYONE, INVOKE_URL, **{"lambda:FunctionUrlAuthType": "AWS_IAM"})
    assert not allowed(document, ANYONE, INVOKE)


def test_a_wildcard_ends_with_its_part_of_the_arn_as_in_every_policy():
    document = statement_document("s", INVOKE, "*", SourceArn="arn:aws:*:us-east-1:1:x")
    assert allowed(document, ANYONE, **{"aws:SourceArn": "arn:aws:sqs:us-east-1:1:x"})
    assert not allowed(document, ANYONE, **{"aws:SourceArn": "arn:aws:sqs:eu-west-1:9:us-east-1:1:x"})
