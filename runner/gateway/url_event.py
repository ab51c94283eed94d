"""A function URL's two translations, payload format 2.0: request to event, result to answer. Pure.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from functions.snapshots import Principal
from runner.gateway import cookies
from runner.gateway.wire import Request, is_clean

HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
# The gateway's own, or dangerous on an origin that functions share.
NOT_FROM_FUNCTIONS = HOP_BY_HOP | {"content-length", "date", "clear-site-data", "service-worker-allowed"}
TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript"})
JSON_TYPE = ("content-type", "application/json")


class MalformedAnswer(ValueError):
    """A result that says it is an HTTP answer and is none: 502, as in AWS."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the request arrived: the URL's id, the path inside it, and what is known of the caller."""

    url_id: str
    path: str
    domain: str
    account: str
    request_id: str
    at_us: int
    principal: Principal | None = None
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def event_of(request: Request, place: Place) -> bytes:
    """The event as JSON."""
    kept = cookies.received(request.headers.get("cookie", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": place.path,
        "rawQueryString": request.query,
        "headers": _headers(request, place, kept),
        "requestContext": _context(request, place),
    }
    if kept:
        event["cookies"] = kept
    parameters = _parameters(request.query)
    if parameters:
        event["queryStringParameters"] = parameters
    text = _text(request)
    if request.body:
        event["body"] = base64.b64encode(request.body).decode("ascii") if text is None else text
    event["isBase64Encoded"] = bool(request.body) and text is None
    return msgspec.json.encode(event)


def _headers(request: Request, place: Place, kept: list[str]) -> dict[str, str]:
    headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
    headers.pop("cookie", None)
    if kept:
        headers["cookie"] = "; ".join(kept)
    headers["x-forwarded-for"] = request.peer
    headers["x-forwarded-proto"] = "http"
    headers["x-forwarded-port"] = request.headers.get("host", "").rpartition(":")[2] or "80"
    headers.setdefault("host", place.domain)
    return headers


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _context(request: Request, place: Place) -> dict[str, Any]:
    at = datetime.fromtimestamp(place.at_us / 1_000_000, UTC)
    context: dict[str, Any] = {
        "accountId": place.account if place.principal else "anonymous",
        "apiId": place.url_id,
        "domainName": place.domain,
        "domainPrefix": place.url_id,
        "http": {
            "method": request.method,
            "path": place.path,
            "protocol": f"HTTP/{request.version}",
            "sourceIp": request.peer,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": place.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": place.at_us // 1000,
    }
    if place.principal is not None:
        context["authorizer"] = {"iam": _iam(place.principal, place.key_id)}
    return context


def _iam(principal: Principal, key_id: str) -> dict[str, Any]:
    return {
        "accessKey": key_id,
        "accountId": principal.account,
        "callerId": principal.id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": principal.arn,
        "userId": principal.id,
    }


def _text(request: Request) -> str | None:
    """The body as text, or None when it has to travel as base64: by content type, as AWS decides."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_text = kind.startswith("text/") or kind in TEXT_TYPES or kind.endswith(("+json", "+xml"))
    if not is_text or request.headers.get("content-encoding", "identity") != "identity":
        return None
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        return None


def answer_of(result: bytes) -> Answer:
    """The HTTP answer that a function's result means; raises MalformedAnswer."""
    try:
        document = msgspec.json.decode(result)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedAnswer("the result is not JSON") from error
    if not isinstance(document, dict) or "statusCode" not in document:
        return Answer(200, [JSON_TYPE], result)
    status, headers = prelude_of(document)
    body = _body(document)
    if body and not any(name == "content-type" for name, _ in headers):
        headers.append(JSON_TYPE)
    return Answer(status, headers, body)


def prelude_of(document: Mapping[str, Any]) -> tuple[int, list[tuple[str, str]]]:
    """Status and headers (cookies among them) of a structured answer; raises MalformedAnswer."""
    status = document.get("statusCode", 200)
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise MalformedAnswer("statusCode is not an HTTP status")
    headers: list[tuple[str, str]] = []
    for name, value in _mapping(document.get("headers")).items():
        _add(headers, name.lower(), value)
    for cookie in document.get("cookies") or ():
        _add(headers, "set-cookie", cookie)
    return status, headers


def _add(headers: list[tuple[str, str]], name: str, value: object) -> None:
    if isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, str | int | float):
        raise MalformedAnswer(f"header {name!r} is not text")
    text = str(value)
    if not is_clean(name, text):
        raise MalformedAnswer(f"header {name!r} holds what a header may not")
    if name in NOT_FROM_FUNCTIONS or (name == "set-cookie" and not cookies.may_set(text)):
        return
    headers.append((name, text))


def _mapping(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedAnswer("headers is not an object")
    return value


def _body(document: Mapping[str, Any]) -> bytes:
    body = document.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedAnswer("body is not a string")
    if not document.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswer("body is not base64") from error
