"""Requests made by botocore's own serializer are read back exactly; answers are read by its own parser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from console.api.model import Match, lambda_model
from console.api.parse import parse
from console.api.shape import shape_answer
from console.api.validate import validate
from functions.errors import InvalidRequestContent, Serialization, Validation


def sent(name: str, **parameters: Any) -> dict[str, Any]:
    """The HTTP request that an SDK makes of an operation."""
    model = lambda_model().service.operation_model(name)
    return create_serializer("rest-json").serialize_to_request(parameters, model)


def found(request: dict[str, Any]) -> tuple[Match, dict[str, list[str]]]:
    parts = urlsplit(request["url_path"])
    query = parse_qs(parts.query)
    for key, value in request["query_string"].items():
        query[key] = value if isinstance(value, list) else [str(value)]
    last = {key: values[-1] for key, values in query.items()}
    match = lambda_model().match(request["method"], unquote(parts.path), last)
    assert match
    return match, query


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("GetFunction", {"FunctionName": "hello", "Qualifier": "live"}),
        ("ListFunctions", {"MaxItems": 7, "Marker": "abc", "FunctionVersion": "ALL"}),
        (
            "CreateFunction",
            {
                "FunctionName": "hello",
                "Role": "arn:aws:iam::000000000001:role/r",
                "Code": {"ZipFile": b"PK\x05\x06\x00"},
                "MemorySize": 256,
                "Publish": True,
                "Environment": {"Variables": {"NAME": "b"}},
                "Layers": ["arn:aws:lambda:us-east-1:000000000001:layer:l:1"],
                "Tags": {"team": "a b"},
            },
        ),
        ("UpdateFunctionUrlConfig", {"FunctionName": "f", "Cors": {"AllowOrigins": ["*"], "MaxAge": 5}}),
        ("UntagResource", {"Resource": "arn:aws:lambda:us-east-1:000000000001:function:f", "TagKeys": ["a"]}),
        ("GetLayerVersionByArn", {"Arn": "arn:aws:lambda:us-east-1:000000000001:layer:l:1"}),
        ("ListLayers", {"CompatibleRuntime": "python3.13"}),
        ("DeleteFunction", {"FunctionName": "f", "Qualifier": "3"}),
    ],
)
def test_a_request_is_read_back_as_it_was_written(name: str, parameters: dict[str, Any]) -> None:
    request = sent(name, **parameters)
    match, query = found(request)
    body = request["body"]
    body = body.encode() if isinstance(body, str) else body
    headers = {key.lower(): value for key, value in request["headers"].items()}
    assert match.operation.name == name
    assert parse(match, query, headers, body) == parameters
    validate(match.operation.input, parameters)


def test_an_unknown_address_matches_nothing() -> None:
    assert lambda_model().match("GET", "/2015-03-31/nothing", {}) is None
    assert lambda_model().match("PATCH", "/2015-03-31/functions", {}) is None


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    match, query = found(sent("PublishVersion", FunctionName="f"))
    with pytest.raises(InvalidRequestContent, match="Could not parse request body into json"):
        parse(match, query, {}, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"Timeout": "3"}',
        b'{"Timeout": true}',
        b'{"Environment": []}',
        b'{"Environment": {"Variables": {"A": 1}}}',
        b'{"Layers": {}}',
    ],
)
def test_a_member_of_the_wrong_type_is_refused(body: bytes) -> None:
    match, query = found(sent("UpdateFunctionConfiguration", FunctionName="f"))
    with pytest.raises(Serialization):
        parse(match, query, {}, body)


def test_a_blob_must_be_base64() -> None:
    match, query = found(sent("UpdateFunctionCode", FunctionName="f"))
    assert parse(match, query, {}, b'{"ZipFile": "UEs="}')["ZipFile"] == b"PK"
    with pytest.raises(Serialization, match="not valid base64"):
        parse(match, query, {}, b'{"ZipFile": "*"}')


def test_every_broken_constraint_is_named() -> None:
    shape = lambda_model().service.operation_model("UpdateFunctionConfiguration").input_shape
    with pytest.raises(Validation) as caught:
        validate(shape, {"FunctionName": "a b", "Timeout": 0})
    message = str(caught.value)
    assert message.startswith("2 validation errors detected: Value 'a b' at 'functionName'")
    assert "Value '0' at 'timeout' failed to satisfy constraint" in message
    assert "Member must have value greater than or equal to 1" in message


def test_a_missing_member_is_named() -> None:
    shape = lambda_model().service.operation_model("CreateFunction").input_shape
    with pytest.raises(Validation, match="Value null at 'role' failed"):
        validate(shape, {"FunctionName": "f", "Code": {}})


def test_an_answer_is_read_by_an_sdk() -> None:
    model = lambda_model()
    operation = next(o for o in model.operations if o.name == "GetFunction")
    result = {"Configuration": {"FunctionName": "f", "Timeout": 3, "KMSKeyArn": None}, "Tags": {"a": "b"}}
    answer = shape_answer(operation, result)
    parsed = create_parser("rest-json").parse(
        {"status_code": answer.status, "headers": answer.headers, "body": answer.body},
        model.service.operation_model("GetFunction").output_shape,
    )
    parsed.pop("ResponseMetadata")
    assert parsed == {"Configuration": {"FunctionName": "f", "Timeout": 3}, "Tags": {"a": "b"}}


def test_a_member_that_the_model_does_not_know_is_a_mistake() -> None:
    operation = next(o for o in lambda_model().operations if o.name == "GetFunction")
    with pytest.raises(KeyError):
        shape_answer(operation, {"Invented": 1})


def test_an_operation_without_output_answers_with_its_status() -> None:
    operation = next(o for o in lambda_model().operations if o.name == "DeleteAlias")
    assert shape_answer(operation, {}).status == 204
