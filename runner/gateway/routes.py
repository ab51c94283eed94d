"""Which part of the gateway answers a request, in the order of the architecture (8.9). Looks at host, path
and signature scope; runs nothing itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

import msgspec

from functions import limits
from functions.errors import FunctoryError, MissingAuthenticationToken, RequestTooLarge, UnknownOperation
from functions.protocols import WireProtocol, is_queue_path, protocol_of
from functions.signing_v2 import is_v2
from runner.gateway import answers, invoke_api
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import new_request_id
from runner.gateway.wire import MB, Request

SMALL = 64 * 1024
# A little over the limit reaches the operation, which refuses it in its own words.
PAYLOAD = limits.SYNC_PAYLOAD + 64 * 1024
# A little over the limit here as well, and what aws-chunked adds.
STORED = limits.OBJECT_BODY + MB
NEIGHBOURS = 4 * MB  # a batch of log events is 1 MB, and JSON may write a byte as six
RELAYED = 80 * MB  # a zip of 50 MB in base64, with its JSON
DATED = re.compile(r"/20\d\d-\d\d-\d\d/")
STREAMING = "/response-streaming-invocations"
URL_PREFIX = "/url/"
HOOK_PREFIX = "/hook/"
OWN_PREFIX = "/_functory/"
STORAGE_SCOPE = "/s3/aws4_request"
FORM = "application/x-www-form-urlencoded"
LOCALHOST = ".localhost"
# AWS's own names of function URLs, which programs may have kept: <id>.lambda-url.<region>.on.aws
AWS_DOMAIN = ".on.aws"
AWS_LABEL = re.compile(r"([a-z0-9-]+)\.lambda-url\.[a-z0-9-]+")
log = logging.getLogger("functory.gateway")

Part = Callable[[Exchange], None]
UrlPart = Callable[[Exchange, str, str, bool], None]
HookPart = Callable[[Exchange, str], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What answers: `url` gets the URL's id, the path inside it and whether it has a host of its own; `unread` is
    told of an Invoke whose body was too large to be read."""

    invoke: Part
    stream: Part
    relay: Part
    url: UrlPart
    hook: HookPart
    own: Part
    unread: Callable[[Request, str, FunctoryError, str], None]


class Routes:
    """Handler of the public listener."""

    least_body = SMALL

    def __init__(self, parts: Parts, base_domain: str) -> None:
        self._parts = parts
        self._suffixes = tuple(
            suffix
            for suffix in (LOCALHOST, f".{base_domain.lower()}" if base_domain else "", AWS_DOMAIN)
            if suffix
        )

    def body_limit(self, request: Request) -> int:
        """By what the head says; only who presents a signature may send as much as a package."""
        path = request.path
        if (
            self._url_host(request)
            or path.startswith((URL_PREFIX, HOOK_PREFIX))
            or path.endswith(invoke_api.SUFFIX)
        ):
            return PAYLOAD
        if path.endswith(STREAMING):
            return PAYLOAD
        if is_storage(request):
            return STORED
        if "authorization" not in request.headers:
            return SMALL
        return RELAYED if DATED.match(path) else NEIGHBOURS if is_neighbours(request) else SMALL

    def handle(self, exchange: Exchange) -> None:
        """Hand the request to its part."""
        try:
            self._route(exchange)
        except FunctoryError as error:
            answers.refuse(exchange, error)
        except Exception:
            log.exception("a request failed")
            answers.broken(exchange)

    def refuse(self, exchange: Exchange, status: int, code: str, message: str) -> None:
        """A request that never became whole; too large a payload in the words of Invoke."""
        if is_storage(exchange.request):
            refuse_storage(exchange, status, code, message)
            return
        request_id = new_request_id()
        if status == 413 and exchange.request.path.endswith(invoke_api.SUFFIX):
            error = RequestTooLarge(
                f"Request must be smaller than {limits.SYNC_PAYLOAD} bytes for the InvokeFunction operation"
            )
            code, message = error.code, error.message
            segment = exchange.request.path[len(invoke_api.PREFIX) : -len(invoke_api.SUFFIX)]
            self._parts.unread(exchange.request, invoke_api.name_in(segment), error, request_id)
        headers = [answers.JSON, ("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", code)]
        exchange.respond(
            status, headers, msgspec.json.encode({"Type": "User", "Message": message, "message": message})
        )

    def _route(self, exchange: Exchange) -> None:
        request, parts = exchange.request, self._parts
        url_id = self._url_host(request)
        path = request.path
        if url_id:
            parts.url(exchange, url_id, path, True)
        elif is_storage(request):
            exchange.protocol = WireProtocol.REST_XML
            parts.relay(exchange)
        elif request.method == "POST" and path.startswith(invoke_api.PREFIX) and is_invoke(path):
            parts.invoke(exchange)
        elif DATED.match(path):
            self._dated(exchange)
        elif path.startswith(URL_PREFIX):
            url_id, slash, rest = path[len(URL_PREFIX) :].partition("/")
            parts.url(exchange, url_id, slash + rest or "/", False)
        elif path.startswith(HOOK_PREFIX):
            parts.hook(exchange, path[len(HOOK_PREFIX) :].rstrip("/"))
        elif path.startswith(OWN_PREFIX):
            parts.own(exchange)
        elif is_neighbours(request):
            exchange.protocol = protocol_of(path, request.headers)
            self._signed(exchange, parts.relay)
        else:
            raise UnknownOperation("No function and no operation has this address.")

    def _dated(self, exchange: Exchange) -> None:
        request = exchange.request
        streams = request.method == "POST" and request.path.endswith(STREAMING)
        self._signed(exchange, self._parts.stream if streams else self._parts.relay)

    def _signed(self, exchange: Exchange, part: Part) -> None:
        request = exchange.request
        if "authorization" not in request.headers and "X-Amz-Signature" not in request.query:
            raise MissingAuthenticationToken("Missing Authentication Token")
        part(exchange)

    def _url_host(self, request: Request) -> str:
        """The URL's id when the request came to a function's own host, else ""."""
        raw = request.headers.get("host", "").lower()
        for suffix in self._suffixes:
            if suffix not in raw:  # nearly always, and cheaper than taking the host apart
                continue
            host = request.host
            if host.endswith(suffix):
                return label_of(host, suffix)
        return ""


def label_of(host: str, suffix: str) -> str:
    """The URL's id in a host that ends so; "" where there is none."""
    label = host[: -len(suffix)]
    if suffix == AWS_DOMAIN:
        found = AWS_LABEL.fullmatch(label)
        return found[1] if found else ""
    return label if "." not in label else ""


def is_storage(request: Request) -> bool:
    """Whether a request is signed for S3, in its head or in its address."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return STORAGE_SCOPE in authorization
    query = request.query
    if not query or request.path.startswith(
        (URL_PREFIX, HOOK_PREFIX, OWN_PREFIX)
    ):  # a function's query is its own
        return False
    return STORAGE_SCOPE in unquote(query) or is_v2(query)


def refuse_storage(exchange: Exchange, status: int, code: str, message: str) -> None:
    """A request of S3 that never became whole, as S3 refuses."""
    exchange.protocol = WireProtocol.REST_XML
    error = FunctoryError(message)
    error.status, error.code = status, code
    answers.refuse(exchange, error)


def is_neighbours(request: Request) -> bool:
    """Whether a request on the root address, or on a queue's, asks something of Lambda's neighbours."""
    if request.path != "/" and not is_queue_path(request.path):
        return False
    if request.method == "POST":
        return "x-amz-target" in request.headers or FORM in request.headers.get("content-type", "")
    return request.method == "GET" and "Action=" in request.query


def is_invoke(path: str) -> bool:
    """Whether a path under the functions' prefix is the Invoke operation's."""
    return path.endswith(invoke_api.SUFFIX) and path.count("/") == 4
