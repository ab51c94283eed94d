"""The door of Lambda's neighbours: protocols, what is there, and what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from django.test import Client

from console.api import neighbour_table
from console.api.protocols.json_target import parse_document
from console.api.protocols.query import parse_form, write_answer
from console.api.services import asked_by_form, asked_by_target, service
from functions.errors import Serialization, UnknownOperation
from functions.installation import relay_key
from functions.tokens import sign_principal
from tests.console.api.neighbours import model_of, neighbour_of, refused

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def test_who_calls_is_told(principal) -> None:
    found = neighbour_of(principal, "sts")("GetCallerIdentity")
    assert (found["Account"], found["Arn"]) == (principal.account, principal.arn)
    assert found["UserId"].startswith("AIDA")


@pytest.mark.parametrize(
    ("name", "operation"),
    [("iam", "ListUsers"), ("sts", "GetFederationToken"), ("logs", "StartQuery"), ("events", "ListArchives")],
)
def test_what_is_not_there_says_so(principal, name: str, operation: str) -> None:
    needed = {"StartQuery": {"startTime": 1, "endTime": 2, "queryString": "x"}}.get(operation, {})
    error = refused(lambda: neighbour_of(principal, name)(operation, **needed))
    assert error.status == 501
    assert error.code in {"NotImplemented", "NotImplementedException"}
    assert f"{name}:{operation}" in error.message


def test_nobody_comes_in_without_the_gateways_word(project) -> None:
    answer = Client().post("/", {"Action": "GetCallerIdentity", "Version": "2011-06-15"})
    assert answer.status_code == 403
    assert b"<Code>AccessDenied</Code>" in answer.content


def test_a_request_that_names_nothing_is_refused_in_its_own_protocol(principal) -> None:
    word = {"x-functory-principal": sign_principal(relay_key(), principal)}
    sts = Client().post("/", {"Action": "Nothing", "Version": "2011-06-15"}, headers=word)
    assert (sts.status_code, b"<Code>InvalidAction</Code>" in sts.content) == (400, True)
    target = {"x-amz-target": "Logs_20140328.No"}
    logs = Client().post("/", data=b"{}", content_type="x", headers={**word, **target})
    assert (logs.status_code, json.loads(logs.content)["__type"]) == (400, "UnknownOperationException")


def test_a_fault_is_told_in_the_protocol_and_nothing_more(principal, monkeypatch) -> None:
    def fail(_call):
        raise RuntimeError("secret")

    table = {"sts:GetCallerIdentity": fail, "logs:CreateLogGroup": fail}
    monkeypatch.setattr("console.api.neighbours.OPERATIONS", table)
    error = refused(lambda: neighbour_of(principal, "sts")("GetCallerIdentity"))
    assert (error.status, error.code) == (500, "ServiceFailure")
    assert "secret" not in error.message
    error = refused(lambda: neighbour_of(principal, "logs")("CreateLogGroup", logGroupName="a"))
    assert error.status == 500


def test_every_operation_of_the_table_is_in_its_model() -> None:
    for name in neighbour_table.OPERATIONS:
        of, _, operation = name.partition(":")
        assert operation in model_of(of).operation_names


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        (
            "CreateRole",
            {
                "RoleName": "r",
                "AssumeRolePolicyDocument": TRUST,
                "MaxSessionDuration": 3600,
                "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d & <e>"}],
            },
        ),
        ("ListRoles", {"MaxItems": 3, "Marker": "m"}),
        ("UpdateRole", {"RoleName": "r", "Description": ""}),
        ("SetSecurityTokenServicePreferences", {"GlobalEndpointTokenVersion": "v1Token"}),
        ("TagRole", {"RoleName": "r", "Tags": []}),
        ("ListPolicies", {"OnlyAttached": True, "Scope": "All"}),
    ],
)
def test_a_form_is_read_back_as_it_was_written(name: str, parameters: dict[str, Any]) -> None:
    model = model_of("iam").operation_model(name)
    body = create_serializer("query").serialize_to_request(parameters, model)["body"]
    asked = asked_by_form({key: str(value) for key, value in body.items()})
    assert (asked.service.name, asked.operation.name) == ("iam", name)
    assert asked.parameters() == parameters


def test_items_of_a_form_come_in_the_order_of_their_numbers() -> None:
    shape = model_of("iam").operation_model("TagRole").input_shape
    form = {f"Tags.member.{n}.Key": f"k{n}" for n in (10, 2, 1)} | {
        "RoleName": "r",
        "Tags.member.x.Key": "no",
    }
    assert [tag["Key"] for tag in parse_form(shape, form)["Tags"]] == ["k1", "k2", "k10"]


@pytest.mark.parametrize("wrong", [{"MaxItems": "many"}, {"MaxItems": "1.5"}])
def test_a_number_that_is_none_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Serialization):
        parse_form(model_of("iam").operation_model("ListRoles").input_shape, wrong)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"logGroupName": 1}', b"\xff"])
def test_a_document_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(Serialization):
        parse_document(model_of("logs").operation_model("CreateLogGroup").input_shape, body)


def test_an_unknown_name_is_refused() -> None:
    for form in ({}, {"Action": "GetRole"}, {"Action": "X", "Version": "2010-05-08"}):
        with pytest.raises(UnknownOperation):
            asked_by_form(form)
    for target in ("Nobody.X", "Logs_20140328.X", "Logs_20140328"):
        with pytest.raises(UnknownOperation):
            asked_by_target(target, b"{}")


def test_an_answer_is_read_by_an_sdk() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    role = {
        "Path": "/",
        "RoleName": "r<1>",
        "RoleId": "AROA",
        "Arn": "arn",
        "CreateDate": at,
        "Description": None,
        "Tags": [{"Key": "a", "Value": "b\0&"}],
    }
    operation = service("iam", "2010-05-08").operation("ListRoles")
    answer = write_answer(operation, "urn:x", {"Roles": [role], "IsTruncated": False}, "id-1")
    seen = {"status_code": 200, "headers": answer.headers, "body": answer.body}
    parsed = create_parser("query").parse(seen, operation.output)
    assert parsed.pop("ResponseMetadata")["RequestId"] == "id-1"
    role.pop("Description")
    role["Tags"] = [{"Key": "a", "Value": "b\ufffd&"}]
    assert parsed == {"Roles": [role], "IsTruncated": False}
    with pytest.raises(KeyError):
        write_answer(operation, "urn:x", {"Invented": 1}, "id-1")


@pytest.mark.parametrize(
    ("name", "operation", "given"),
    [
        (
            "iam",
            "CreateRole",
            {"AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": "arn:aws:iam::aws:policy/X"},
        ),
        ("sts", "AssumeRole", {"Policy": "{}"}),
        ("sts", "AssumeRole", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("sts", "AssumeRole", {"SourceIdentity": "ada"}),
        ("logs", "CreateLogGroup", {"kmsKeyId": "key"}),
        ("logs", "CreateLogGroup", {"logGroupClass": "INFREQUENT_ACCESS"}),
        ("logs", "DescribeLogGroups", {"logGroupIdentifiers": ["/x"]}),
    ],
)
def test_nothing_is_taken_and_then_ignored(
    principal, name: str, operation: str, given: dict[str, Any]
) -> None:
    usual = {
        "CreateRole": {"RoleName": "r"},
        "AssumeRole": {"RoleArn": f"arn:aws:iam::{principal.account}:role/r", "RoleSessionName": "work"},
        "CreateLogGroup": {"logGroupName": "/x"},
    }.get(operation, {})
    error = refused(lambda: neighbour_of(principal, name)(operation, **usual, **given))
    assert error.status == 501
    assert list(given)[-1] in error.message or "STANDARD" in error.message
