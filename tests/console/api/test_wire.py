"""Requests made by botocore's own serializer are read back exactly; answers are read by its own parser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

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
    match = lambda_model().match(request["method"], parts.path, last)
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


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        (
            "UpdateFunctionCode",
            {"FunctionName": "f", "Architectures": ["x86_64", "arm64"]},
            "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less "
            "than or equal to 1",
        ),
        (
            "UpdateFunctionCode",
            {"FunctionName": "f", "Architectures": ["vax"]},
            "Value '[vax]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
        ),
        (
            "UpdateFunctionConfiguration",
            {"FunctionName": "f", "Environment": {"Variables": {"1": "secret"}}},
            "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
            "[a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]",
        ),
        (
            "CreateFunctionUrlConfig",
            {"FunctionName": "f", "AuthType": "MAYBE"},
            "Value 'MAYBE' at 'authType' failed to satisfy constraint: Member must satisfy enum value set: "
            "[NONE, AWS_IAM]",
        ),
        (
            "ListFunctions",
            {"MaxItems": 0},
            "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
    ],
)
def test_constraints_are_told_in_the_validators_words(
    name: str, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(Validation) as caught:
        validate(lambda_model().service.operation_model(name).input_shape, parameters)
    assert str(caught.value).startswith("1 validation error detected: Value '")
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "name", "values"),
    [
        (
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000001%3Afunction%3Af%3Alive/policy",
            "GetPolicy",
            {"FunctionName": "arn:aws:lambda:us-east-1:000000000001:function:f:live"},
        ),
        ("/2015-03-31/functions/f%3A%24LATEST/", "GetFunction", {"FunctionName": "f:$LATEST"}),
        ("/2025-12-01/durable-executions/a%2Fb", "GetDurableExecution", {"DurableExecutionArn": "a/b"}),
    ],
)
def test_a_path_is_decoded_after_it_was_taken_apart(path: str, name: str, values: dict[str, str]) -> None:
    match = lambda_model().match("GET", path, {})
    assert match
    assert (match.operation.name, match.uri) == (name, values)


def test_every_operation_is_found_by_its_own_address() -> None:
    """The path families from 2014-11-13 on."""
    for operation in lambda_model().operations:
        address = lambda_model().service.operation_model(operation.name).http["requestUri"]
        path = address.partition("?")[0].replace("+}", "}")
        for member in operation.path.groupindex:
            path = path.replace(f"{{{member}}}", "x")
        match = lambda_model().match(operation.method, path, dict(operation.query))
        assert match, operation.name
        assert match.operation.name == operation.name


@pytest.mark.parametrize("text", ["--5", "", "1.5", "1e3", "9" * 30, "x"])
def test_a_number_in_a_query_is_a_whole_number(text: str) -> None:
    match = lambda_model().match("GET", "/2015-03-31/functions", {})
    assert match
    assert parse(match, {"MaxItems": ["5"]}, {}, b"") == {"MaxItems": 5}
    with pytest.raises(Serialization):
        parse(match, {"MaxItems": [text]}, {}, b"")


def test_an_answer_without_content_has_no_body() -> None:
    operation = next(o for o in lambda_model().operations if o.name == "DeleteFunction")
    answer = shape_answer(operation, {"StatusCode": 204})
    assert (answer.status, answer.body) == (204, b"")
