"""Permissions as an unmodified SDK manages them, and as the gateway enforces them: other accounts, function URLs,
conditions on the revision."""

from __future__ import annotations

import json

import pytest

from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

FAR = "000000000002"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shared"


@pytest.fixture(scope="module")
def client(product):
    return product.client()


@pytest.fixture(scope="module")
def stranger(product):
    product.add_stranger(FAR)
    return product.client(FAR)


@pytest.fixture
def shared(product, client):
    product.create("shared")
    yield "shared"
    client.delete_function(FunctionName="shared")


def permit(client, sid="far", **more):
    given = {"Action": "lambda:InvokeFunction", "Principal": FAR, **more}
    return json.loads(client.add_permission(FunctionName="shared", StatementId=sid, **given)["Statement"])


def test_a_policy_is_written_read_and_taken_away(client, shared):
    assert refused(client.get_policy, FunctionName=shared)[:2] == ("ResourceNotFoundException", 404)
    source = {"SourceArn": "arn:aws:s3:::photos", "SourceAccount": ACCOUNT}
    made = permit(client, "photos", Principal="s3.amazonaws.com", **source)
    assert made == {
        "Sid": "photos",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"},
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        },
    }
    found = client.get_policy(FunctionName=shared)
    policy = json.loads(found["Policy"])
    assert (policy["Version"], policy["Id"], policy["Statement"]) == ("2012-10-17", "default", [made])
    assert refused(permit, client=client, sid="photos")[:2] == ("ResourceConflictException", 409)
    stale = refused(permit, client=client, sid="two", RevisionId="stale")
    assert stale[:2] == ("PreconditionFailedException", 412)
    permit(client, "two", RevisionId=found["RevisionId"])
    gone = {"FunctionName": shared, "StatementId": "photos"}
    old = refused(client.remove_permission, **gone, RevisionId=found["RevisionId"])
    assert old[:2] == ("PreconditionFailedException", 412)
    client.remove_permission(**gone)
    assert refused(client.remove_permission, **gone)[:2] == ("ResourceNotFoundException", 404)


def test_what_cannot_be_permitted(client, product, shared):
    wrong = refused(permit, client=client, Principal="nobody")
    assert wrong[:2] == ("InvalidParameterValueException", 400)
    assert refused(permit, client=client, Action="s3:GetObject")[:2] == ("ValidationException", 400)
    assert refused(permit, client=client, Qualifier="nope")[:2] == ("ResourceNotFoundException", 404)
    assert refused(permit, client=client, Qualifier="$LATEST")[1] == 400
    assert refused(permit, client=product.client("viewer"))[:2] == ("AccessDeniedException", 403)
    assert refused(client.get_policy, FunctionName="nobody")[:2] == ("ResourceNotFoundException", 404)


def test_another_account_calls_what_it_was_allowed_and_nothing_else(client, shared, stranger):
    def status(**more) -> int:
        name = more.pop("FunctionName", ARN)
        try:
            return stranger.invoke(FunctionName=name, Payload=b"{}", **more)["StatusCode"]
        except stranger.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException"
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    client.publish_version(FunctionName=shared)
    assert status() == 403
    permit(client)
    wait_for("the other account may call", lambda: status() == 200, 10)
    assert status(Qualifier="1") == 403
    assert status(FunctionName=f"{ARN}-2") == 403
    permit(client, "numbered", Qualifier="1")
    wait_for("it may call the version", lambda: status(Qualifier="1") == 200, 10)
    client.remove_permission(FunctionName=shared, StatementId="far")
    wait_for("it may not any more", lambda: status() == 403, 10)
    assert status(Qualifier="1") == 200
