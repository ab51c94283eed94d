"""Requests made up from the service model, sensible and senseless: whatever comes, the answer is one of AWS's, never a
failure of ours. FUNCTORY_FUZZ says how many (`make test-fuzz` sends 2,000)."""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import Any
from urllib.parse import quote

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from django.db import transaction
from django.test import Client, override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from console.api.model import Operation, lambda_model
from console.api.table import OPERATIONS
from functions.installation import relay_key
from functions.models import Function
from functions.tokens import sign_principal
from tests.console.api.sdk import create, sdk_of, settle, zipped

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
FEW = 100  # the same each time: everybody's suite must not depend on luck
REQUESTS = int(os.environ.get("FUNCTORY_FUZZ", FEW))
# What is not served is refused before it is read: it gets a tenth of the requests.
SERVED = [one for one in lambda_model().operations if one.name in OPERATIONS]
OTHERS = [one for one in lambda_model().operations if one.name not in OPERATIONS]
GOOD_NAMES = ("hello", "hello:1", "hello:prod", "hello:$LATEST", "function:hello")
NAMES = (*GOOD_NAMES, "other", "a.b", "", "é", "a/b", "x" * 300)
# What there is, by member: a request without junk should now and then succeed.
GOOD = {
    "Qualifier": ("1", "prod", "$LATEST"),
    "Name": ("prod", "beta"),
    "FunctionVersion": ("1", "$LATEST", "ALL"),
    "StatementId": ("one", "two"),
    "Action": ("lambda:InvokeFunction", "lambda:*"),
    "Principal": ("*", "s3.amazonaws.com", "000000000009"),
    "Runtime": ("python3.13", "nodejs24.x"),
    "Handler": ("app.handler",),
    "Role": ("arn:aws:iam::000000000001:role/r",),
}
WORDS = ("1", "prod", "$LATEST", "0", "-1", "9" * 40, "*", "\x00", "\ud800", "arn:aws:lambda", "", " ")
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(WORDS)
JUNK = st.recursive(
    ATOMS | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(("a", "Size", "Mode")), inner, max_size=2)
    ),
    max_leaves=4,
)


def value_of(name: str, shape: Shape, wild: bool, depth: int = 0) -> st.SearchStrategy[Any]:
    """What the shape allows, and in a wild request sometimes anything."""
    good = fitting(name, shape, wild, depth)
    return st.one_of(good, good, good, JUNK) if wild else good


def fitting(name: str, shape: Shape, wild: bool, depth: int) -> st.SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        inner = {key: value_of(key, member, wild, depth + 1) for key, member in shape.members.items()}
        required = {key: inner.pop(key) for key in shape.required_members}
        return st.fixed_dictionaries(required, optional=inner if depth < 4 else {})
    if isinstance(shape, ListShape):
        return st.lists(value_of(name, shape.member, wild, depth + 1), max_size=2)
    if isinstance(shape, MapShape):
        keys = st.sampled_from(("NAME", "a1", "1", "", "\x00") if wild else ("NAME", "a1"))
        return st.dictionaries(keys, value_of(name, shape.value, wild, depth + 1), max_size=2)
    match shape.type_name:
        case "string":
            return text_of(name, shape, wild)
        case "blob":
            packages = (zipped(), zipped("x = 1"), *((b"no zip", b"") if wild else ()))
            return st.sampled_from([base64.b64encode(package).decode() for package in packages])
        case "boolean":
            return st.booleans()
        case "timestamp":
            return st.integers(0, 2**33)
        case _:
            low, high = int(shape.metadata.get("min", 1)), int(shape.metadata.get("max", 2**31))
            beyond = {low - 1, high + 1, 2**31, 2**63, 2**64} if wild else set()
            return st.sampled_from(sorted({low, high, low + 1} | beyond))


def text_of(name: str, shape: Shape, wild: bool) -> st.SearchStrategy[str]:
    if name in {"FunctionName", "Resource"}:
        return st.sampled_from(NAMES if wild else GOOD_NAMES).map(arn_or_name)
    if name in GOOD and not wild:
        return st.sampled_from(GOOD[name])
    if isinstance(shape, StringShape) and shape.enum:
        return st.sampled_from([*shape.enum[-60:], "None"])
    pattern = shape.metadata.get("pattern", ".*")
    if pattern == ".*" or "\\p{" in pattern:
        return st.sampled_from(WORDS) | st.text(max_size=20) if wild else st.sampled_from(("a", "1"))
    good = st.from_regex(pattern, fullmatch=True).map(lambda text: text[:300])
    return st.sampled_from(WORDS) | good if wild else good


def arn_or_name(name: str) -> str:
    if len(name) % 2:
        return name
    function = Function.objects.select_related("project").get()
    return f"arn:aws:lambda:us-east-1:{function.project.account}:function:{name}"


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, str, bytes, dict[str, str]]:
    """Method, raw path, query, body and headers."""
    wild = draw(st.booleans())
    operation: Operation = draw(st.sampled_from(SERVED if draw(st.integers(0, 9)) else OTHERS))
    path = lambda_model().service.operation_model(operation.name).http["requestUri"].partition("?")[0]
    query, document, headers = list(operation.query), {}, {}
    for name, shape in operation.input.members.items() if operation.input else ():
        needed = name in operation.input.required_members
        location, wire = shape.serialization.get("location"), shape.serialization.get("name", name)
        if location != "uri" and not needed and draw(st.integers(0, 2)):
            continue
        value = draw(value_of(name, shape, wild))
        text = value if isinstance(value, str) else json.dumps(value)
        if location == "uri":
            for mark in (f"{{{wire}}}", f"{{{wire}+}}"):
                path = path.replace(mark, encoded(text) or "-")
        elif location == "querystring":
            query += [(wire, one) for one in (value if isinstance(value, list) else [text])]
        elif location == "header":
            headers[wire] = encoded(text)
        else:
            document[wire] = value
    broken = (b"{", b"[]", b"", b"\xff", b'"x"', b"null")
    whole = json.dumps(document).encode()
    body = draw(st.sampled_from((whole,) * 9 + broken)) if wild else whole
    pairs = "&".join(f"{encoded(str(name))}={encoded(str(value))}" for name, value in query)
    return operation.method, path, pairs, body, headers


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


# As web has it on its unix socket (console.settings).
@override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
def test_no_request_is_a_failure_of_ours(project, principal) -> None:
    sdk = sdk_of(principal)
    create(sdk, Publish=True)
    settle(principal)
    sdk("CreateAlias", FunctionName="hello", Name="prod", FunctionVersion="1")
    client = Client()
    signed = sign_principal(relay_key(), principal)
    seen: dict[int, int] = {}

    @examples(
        max_examples=REQUESTS,
        derandomize=REQUESTS == FEW,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    def ask(request: tuple[str, str, str, bytes, dict[str, str]]) -> None:
        method, path, query, body, headers = request
        point = transaction.savepoint()  # what one request does, the next must not find
        answer = client.generic(
            method,
            "/2015-03-31/",
            body,
            content_type="application/json",
            QUERY_STRING=query,
            headers={**headers, "x-functory-principal": signed, "x-functory-path": path},
        )
        transaction.savepoint_rollback(point)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, (answer.status_code, answer.content)
        if answer.status_code >= 400:
            assert set(json.loads(answer.content)) >= {"Type", "Message", "message"}
            assert answer["x-amzn-ErrorType"].endswith("Exception")

    ask()
    assert sum(count for status, count in seen.items() if status < 300) > REQUESTS / 100, seen
    sys.stdout.write(f"{seen}\n")
