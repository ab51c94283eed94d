"""Requests made up from the models of Lambda's neighbours: whatever comes, the answer is one of AWS's, never a
failure of ours. FUNCTORY_FUZZ says how many."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from console.api.neighbour_table import OPERATIONS
from functions.installation import relay_key
from functions.tokens import sign_principal
from tests.console.api.neighbours import model_of
from tests.console.api.test_fuzz import JUNK, REQUESTS, WORDS

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
ARN = "arn:aws:lambda:us-east-1:{account}:function:hello"
TRUST = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}'
ALLOW = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
GROUPS = ("/aws/lambda/hello", "/app/own")
# What there is or can be, by member: a request without junk should now and then succeed.
GOOD = {
    "RoleName": ("clerk", "other"),
    "RoleArn": ("arn:aws:iam::{account}:role/clerk",),
    "RoleSessionName": ("work",),
    "AssumeRolePolicyDocument": (TRUST,),
    "PolicyDocument": (ALLOW, TRUST),
    "PolicyArn": ("arn:aws:iam::aws:policy/service-role/AWSLambdaRole", "arn:aws:iam::{account}:policy/mine"),
    "PolicyName": ("mine", "p"),
    "Path": ("/", "/a/"),
    "PathPrefix": ("/", "/a/"),
    "VersionId": ("v1",),
    "logGroupName": GROUPS,
    "logGroupIdentifier": (*GROUPS, "arn:aws:logs:us-east-1:{account}:log-group:/app/own:*"),
    "logStreamName": ("s", "2026/01/31/[1]" + "a" * 32),
    "logStreamNames": ("s", "2026/01/31/[1]" + "a" * 32),
    "filterPattern": ("", "ERROR -x", '{ $.a = "b" && $.n > 3 }', "[a]", '"'),
    "nextToken": ("f/" + "0" * 56, "MA==", "x"),
    "Marker": ("0", "1", "x"),
    "EventPattern": ('{"source": ["a"]}', '{"a": [{"numeric": [">", 1]}]}', "{"),
    "Event": ('{"source": "a"}', "{"),
    "ScheduleExpression": ("rate(5 minutes)", "cron(0 9 * * ? *)", "at(2030-01-01T00:00:00)"),
    "Name": ("orders", "x"),
    "Rule": ("orders", "x"),
    "EventBusName": ("default",),
    "Arn": (ARN, ARN + ":live"),
    "TargetArn": (ARN,),
    "Detail": ("{}", "[]"),
    "Input": ("{}", "{"),
    "InputPath": ("$.detail", "x"),
    "InputTemplate": ('"<a>"', "<a"),
    "SecretId": ("password", "other"),
    "QueueName": ("jobs", "x"),
    "QueueUrl": ("http://127.0.0.1:9000/{account}/jobs", "x"),
}
# What has an effect on AWS and none here is refused at once: without it more is seen.
REFUSED = {"PermissionsBoundary", "Policy", "PolicyArns", "kmsKeyId", "EndpointId", "ProvidedContexts"}


def value_of(name: str, shape: Shape, wild: bool, depth: int = 0) -> st.SearchStrategy[Any]:
    good = fitting(name, shape, wild, depth)
    return st.one_of(good, good, good, good, JUNK) if wild else good


def fitting(name: str, shape: Shape, wild: bool, depth: int) -> st.SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        members = {key: one for key, one in shape.members.items() if wild or key not in REFUSED}
        inner = {key: value_of(key, member, wild, depth + 1) for key, member in members.items()}
        required = {key: inner.pop(key) for key in shape.required_members}
        return st.fixed_dictionaries(required, optional=inner if depth < 4 else {})
    if isinstance(shape, ListShape):
        return st.lists(value_of(name, shape.member, wild, depth + 1), min_size=0 if wild else 1, max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(
            st.sampled_from(("a", "b")), value_of(name, shape.value, wild, depth + 1), max_size=2
        )
    match shape.type_name:
        case "string":
            return text_of(name, shape, wild)
        case "boolean":
            return st.booleans()
        case "blob":
            return st.sampled_from(("YQ==", ""))
        case "timestamp":
            return st.sampled_from((0, 1_770_000_000, 2**40, -(2**50))) if wild else st.just(1_770_000_000)
        case _:
            low, high = int(shape.metadata.get("min", 1)), int(shape.metadata.get("max", 2**31))
            beyond = {low - 1, high + 1, 2**31, 2**63, 2**70} if wild else set()
            return st.sampled_from(sorted({low, high, low + 1} | beyond))


def text_of(name: str, shape: Shape, wild: bool) -> st.SearchStrategy[str]:
    if name in GOOD:
        good = st.sampled_from(GOOD[name])
    elif isinstance(shape, StringShape) and shape.enum:
        good = st.sampled_from(shape.enum)
    else:
        good = st.sampled_from(("abc", "a1", "/a/", "12345678"))
    return st.one_of(good, good, st.sampled_from(WORDS), st.text(max_size=9)) if wild else good


def flattened(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """As the query protocol writes it, whatever it is."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flattened(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from flattened(f"{path}.member.{number}", item)
    elif value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, str, Any]:
    """Service, operation and parameters."""
    name = draw(st.sampled_from(sorted(OPERATIONS)))
    service, _, operation = name.partition(":")
    shape = model_of(service).operation_model(operation).input_shape
    parameters = draw(fitting("", shape, draw(st.booleans()), 0)) if shape else {}
    return service, operation, parameters


@pytest.fixture
def ask(principal, function):
    word = sign_principal(relay_key(), principal)
    client = Client()

    def send(service: str, operation: str, parameters: Any):
        headers = {"x-functory-principal": word}
        text = json.dumps(parameters).replace("{account}", principal.account)
        about = model_of(service).metadata
        if "targetPrefix" in about:
            headers["x-amz-target"] = f"{about['targetPrefix']}.{operation}"
            return client.generic(
                "POST", "/", text, content_type="application/x-amz-json-1.1", headers=headers
            )
        form = [("Action", operation), ("Version", about["apiVersion"]), *flattened("", json.loads(text))]
        body = urlencode(form, errors="surrogatepass")
        kind = "application/x-www-form-urlencoded"
        return client.generic("POST", "/", body, content_type=kind, headers=headers)

    send("iam", "CreateRole", {"RoleName": "clerk", "AssumeRolePolicyDocument": TRUST})
    send("iam", "CreatePolicy", {"PolicyName": "mine", "PolicyDocument": ALLOW})
    send("logs", "CreateLogGroup", {"logGroupName": "/app/own"})
    send("logs", "CreateLogStream", {"logGroupName": "/app/own", "logStreamName": "s"})
    send("events", "PutRule", {"Name": "orders", "EventPattern": '{"source": ["a"]}'})
    return send


def test_no_request_is_a_failure(ask, monkeypatch):
    monkeypatch.setattr("functions.services.event_bus.enqueue_drain", lambda: None)
    kinds: dict[int, int] = {}

    @examples(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        derandomize="FUNCTORY_FUZZ" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(asked())
    def send(request: tuple[str, str, Any]) -> None:
        service, operation, parameters = request
        with transaction.atomic(), transaction.atomic(using="telemetry"):
            answer = ask(service, operation, parameters)
            for using in ("default", "telemetry"):
                transaction.set_rollback(True, using=using)
        kinds[answer.status_code] = kinds.get(answer.status_code, 0) + 1
        assert answer.status_code < 500 or answer.status_code == 501, (request, answer.content)

    send()
    assert kinds.get(200, 0) > REQUESTS / 50, kinds
