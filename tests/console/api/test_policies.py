"""AddPermission, RemovePermission and GetPolicy, as an SDK reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.models import Function
from tests.console.api.sdk import SDK, create, refused, settle

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


@pytest.fixture
def arn(sdk: SDK, principal) -> str:
    create(sdk, Publish=True)
    settle(principal)
    sdk("CreateAlias", FunctionName="hello", Name="prod", FunctionVersion="1")
    return Function.objects.get().arn


def permit(sdk: SDK, sid: str = "one", **more: Any) -> dict[str, Any]:
    given = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", **more}
    return json.loads(sdk("AddPermission", FunctionName="hello", StatementId=sid, **given)["Statement"])


def policy(sdk: SDK, **more: Any) -> dict[str, Any]:
    return json.loads(sdk("GetPolicy", FunctionName="hello", **more)["Policy"])


@pytest.mark.parametrize("qualifier", ["", "1", "prod"])
def test_each_qualifier_has_a_policy_of_its_own(sdk: SDK, arn: str, qualifier: str) -> None:
    chosen = {"Qualifier": qualifier} if qualifier else {}
    made = permit(sdk, **chosen)
    assert made["Resource"] == (f"{arn}:{qualifier}" if qualifier else arn)
    assert policy(sdk, **chosen) == {"Version": "2012-10-17", "Id": "default", "Statement": [made]}
    other = {} if qualifier else {"Qualifier": "prod"}
    assert refused(lambda: policy(sdk, **other)).message == "The resource you requested does not exist."
    sdk("RemovePermission", FunctionName="hello", StatementId="one", **chosen)
    assert refused(lambda: policy(sdk, **chosen)).status == 404


def test_the_first_revision_is_the_functions_own(sdk: SDK, arn: str) -> None:
    own = sdk("GetFunctionConfiguration", FunctionName="hello")["RevisionId"]
    alias = sdk("GetAlias", FunctionName="hello", Name="prod")["RevisionId"]
    assert refused(lambda: permit(sdk, RevisionId="x")).code == "PreconditionFailedException"
    permit(sdk, RevisionId=own)
    permit(sdk, Qualifier="prod", RevisionId=alias)
    read = sdk("GetPolicy", FunctionName="hello")["RevisionId"]
    assert refused(lambda: permit(sdk, "two", RevisionId=own)).status == 412
    permit(sdk, "two", RevisionId=read)


def test_what_aws_refuses(sdk: SDK, arn: str) -> None:
    permit(sdk)
    assert refused(lambda: permit(sdk)).code == "ResourceConflictException"
    latest = refused(lambda: permit(sdk, Qualifier="$LATEST"))
    assert latest.message == "We currently do not support adding policies for $LATEST."
    assert refused(lambda: permit(sdk, "two", Principal="nobody")).code == "InvalidParameterValueException"
    assert refused(lambda: permit(sdk, "two", Qualifier="9")).status == 404
    assert refused(lambda: permit(sdk, "a b")).code == "ValidationException"
    url_only = refused(lambda: permit(sdk, "two", FunctionUrlAuthType="NONE"))
    assert "only supported for lambda:InvokeFunctionUrl" in url_only.message
    gone = refused(lambda: sdk("RemovePermission", FunctionName="hello", StatementId="two"))
    assert gone.message == "Statement two is not found in resource policy."
