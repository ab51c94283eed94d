"""What people bring along inside a function, unmodified: FastAPI through Mangum, Powertools, Express through
serverless-express, and Middy. Their packages lie in the function's zip, as for AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deployers.workshop import installed
from tests.support.product import ACCOUNT, zipped
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
GUESTS = Path(__file__).with_name("guests")
PICTURE = bytes(range(256))
_LEFT_OUT = frozenset({"__pycache__", "bin", ".bin", "tests"})


def packed(source: str, packages: Path, kept_as: str) -> bytes:
    """A zip with the guest and all of its packages. `kept_as` is where the packages lie in it."""
    files: dict[str, bytes] = {source: (GUESTS / source).read_bytes()}
    for path in sorted(packages.rglob("*")):
        inside = path.relative_to(packages)
        if (
            path.is_file()
            and not _LEFT_OUT & set(inside.parts)
            and path.suffix not in {".pyi", ".map", ".ts"}
        ):
            files[f"{kept_as}{inside}"] = path.read_bytes()
    return zipped(files)


def python_guest(product: Any, name: str, source: str, handler: str = "handler") -> None:
    code = packed(source, installed("python-guests") / "site", "")
    product.create(name, code, Handler=f"{Path(source).stem}.{handler}", MemorySize=512, Timeout=30)


def node_guest(product: Any, name: str, source: str) -> None:
    code = packed(source, installed("node-guests") / "node_modules", "node_modules/")
    settings = {"Runtime": "nodejs22.x", "Handler": f"{Path(source).stem}.handler", "MemorySize": 512}
    product.create(name, code, Timeout=30, **settings)


def visit(product: Any, name: str) -> Iterator[httpx.Client]:
    """A client of the function's URL, once that is open to everybody."""
    address = product.public_url(name)
    with httpx.Client(base_url=address, timeout=60) as client:
        wait_for(f"the URL of {name} is open", lambda: client.get("").status_code != 403, 30)
        yield client


@pytest.fixture(scope="module")
def fastapi(product) -> Iterator[httpx.Client]:
    python_guest(product, "guest-fastapi", "fastapi_app.py")
    yield from visit(product, "guest-fastapi")


@pytest.fixture(scope="module")
def powertools(product) -> Iterator[httpx.Client]:
    python_guest(product, "guest-powertools", "powertools_app.py")
    yield from visit(product, "guest-powertools")


@pytest.fixture(scope="module")
def express(product) -> Iterator[httpx.Client]:
    node_guest(product, "guest-express", "express_app.mjs")
    yield from visit(product, "guest-express")


@pytest.fixture(scope="module")
def middy(product) -> Iterator[httpx.Client]:
    node_guest(product, "guest-middy", "middy_app.mjs")
    yield from visit(product, "guest-middy")


def log_of(product, name: str, words: str) -> list[str]:
    logs = product.client(service="logs")
    found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern=words)["events"]
    return [event["message"] for event in found]


def test_fastapi_through_mangum(fastapi) -> None:
    answer = fastapi.get("orders/7", params={"wide": "true"})
    assert (answer.status_code, answer.json()) == (200, {"number": 7, "wide": True})
    made = fastapi.post("orders", json={"name": "ein Stuhl", "count": 2})
    assert (made.status_code, made.json()) == (201, {"name": "ein Stuhl", "count": 2})
    assert made.cookies["last"] == '"ein Stuhl"'
    assert fastapi.get("orders/100").json() == {"detail": "no such order"}
    wrong = fastapi.post("orders", json={"count": "many"})
    assert (wrong.status_code, wrong.json()["detail"][0]["type"]) == (422, "missing")
    picture = fastapi.get("picture")
    assert (picture.content, picture.headers["content-type"]) == (PICTURE, "image/png")
    assert fastapi.get("openapi.json").json()["paths"].keys() == {"/orders/{number}", "/orders", "/picture"}


def test_powertools_routes_logs_and_metrics(product, powertools) -> None:
    answer = powertools.get("orders/7", params={"wide": "yes"})
    assert (answer.status_code, answer.json()) == (200, {"number": "7", "wide": "yes"})
    made = powertools.post("orders", json={"name": "chair"})
    assert (made.status_code, made.json()) == (201, {"made": "chair"})
    lost = powertools.get("orders/404")
    assert (lost.status_code, lost.json()["message"]) == (404, "no such order")
    wait_for(
        "the log is there", lambda: log_of(product, "guest-powertools", '{ $.message = "order read" }'), 60
    )
    (line,) = log_of(product, "guest-powertools", '{ $.message = "order read" }')
    logged = json.loads(line)
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:guest-powertools"
    assert (logged["level"], logged["service"], logged["number"]) == ("INFO", "shop", "7")
    assert (logged["function_name"], logged["function_arn"]) == ("guest-powertools", arn)
    assert logged["function_memory_size"] == "512"
    (told,) = log_of(product, "guest-powertools", "{ $.Read[0] = 1 }")
    (directive,) = json.loads(told)["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Metrics"][0]["Name"]) == ("Shop", "Read")


def test_powertools_takes_a_batch_in_parts(product, powertools) -> None:
    python_guest(product, "guest-batch", "powertools_app.py", "batch")
    sqs = product.client(service="sqs")
    lost = sqs.create_queue(QueueName="guest-lost")["QueueUrl"]
    target = f"arn:aws:sqs:us-east-1:{ACCOUNT}:guest-lost"
    redrive = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})
    hidden = {"VisibilityTimeout": "60", "RedrivePolicy": redrive}
    queue = sqs.create_queue(QueueName="guest-orders", Attributes=hidden)["QueueUrl"]
    entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(("chair", "broken", "table"))]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    source = f"arn:aws:sqs:us-east-1:{ACCOUNT}:guest-orders"
    parts = {"FunctionResponseTypes": ["ReportBatchItemFailures"], "BatchSize": 10}
    product.client().create_event_source_mapping(FunctionName="guest-batch", EventSourceArn=source, **parts)
    wait_for("two are taken", lambda: len(log_of(product, "guest-batch", "taken")) == 2, 60)
    received = sqs.receive_message(QueueUrl=lost, WaitTimeSeconds=20)["Messages"]
    assert [message["Body"] for message in received] == ["broken"]


def test_express_through_serverless_express(express) -> None:
    answer = express.get("orders/7", params={"wide": "yes"})
    assert (answer.status_code, answer.json()) == (200, {"number": "7", "wide": "yes"})
    made = express.post("orders", json={"name": "chair"})
    assert (made.status_code, made.json(), made.cookies["last"]) == (201, {"made": "chair"}, "chair")
    assert express.get("orders/404").status_code == 404
    picture = express.get("picture")
    assert (picture.content, picture.headers["content-type"]) == (PICTURE, "image/png")


def test_middy_around_a_handler(middy) -> None:
    made = middy.post("orders", json={"name": "chair"})
    assert (made.status_code, made.json()) == (201, {"made": "chair"})
    wrong = middy.post("orders", json={})
    assert (wrong.status_code, wrong.text) == (422, "an order needs a name")
    broken = middy.post("orders", content="{", headers={"content-type": "application/json"})
    assert broken.status_code == 422
