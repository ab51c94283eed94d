"""The wire protocols of AWS's services: which of them a request speaks, and how a refusal looks in each. Pure;
what operations there are is the console's.
https://smithy.io/2.0/aws/protocols/index.html"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import escape

from functions.errors import FunctoryError, error_body, error_headers
from functions.object_errors import code_of

JSON_TYPE = "application/x-amz-json-1.1"
XML_TYPE = "text/xml"
# On an answer of the control plane that has nothing yet: the caller wants to wait for so many seconds.
WAIT = "x-functory-wait"
# On an answer of the control plane to the gateway: the body lists slices of files, which the client is to have.
FILES = "x-functory-files"
_QUEUE_PATH = re.compile(r"/[0-9]{12}/[A-Za-z0-9_.-]{1,80}/?")


class WireProtocol(StrEnum):
    """As botocore's models name them."""

    REST_JSON = "rest-json"
    QUERY = "query"
    JSON = "json"
    REST_XML = "rest-xml"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it goes over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_queue_path(path: str) -> bool:
    """Whether an address is a queue's: SDKs of some languages send what concerns it there."""
    return _QUEUE_PATH.fullmatch(path) is not None


def protocol_of(path: str, headers: Mapping[str, str]) -> WireProtocol:
    """What a request speaks: `headers` by lower-case name. Operations that are named by an address are Lambda's; on
    the root, and on a queue's address, they are named by a header or by the form."""
    if path != "/" and not is_queue_path(path):
        return WireProtocol.REST_JSON
    return WireProtocol.JSON if "x-amz-target" in headers else WireProtocol.QUERY


def refusal(protocol: WireProtocol, error: FunctoryError, request_id: str, namespace: str = "") -> Refusal:
    """An error in the shape that an SDK of that protocol reads. `namespace` is the XML one of the service."""
    if protocol is WireProtocol.JSON:
        return _json(error, request_id)
    if protocol is WireProtocol.QUERY:
        return _query(error, request_id, namespace)
    if protocol is WireProtocol.REST_XML:
        return _storage(error, request_id)
    return Refusal(error.status, error_headers(error, request_id), error_body(error))


# In the query protocol a code has no "Exception" at its end, and some differ in more than that
# (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html).
_QUERY_CODES: Mapping[str, tuple[str, int]] = {
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 400),
    "ValidationException": ("ValidationError", 400),
    "InvalidParameterValueException": ("ValidationError", 400),
    "SerializationException": ("MalformedInput", 400),
    "UnknownOperationException": ("InvalidAction", 400),
    "ResourceNotFoundException": ("NoSuchEntity", 404),
    "ServiceException": ("ServiceFailure", 500),
}


def _json(error: FunctoryError, request_id: str) -> Refusal:
    # Whatever the caller did wrong is 400 in this protocol; the type says what it was.
    status = 400 if 400 <= error.status < 500 else error.status
    headers = {"Content-Type": JSON_TYPE, "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    if (
        error.query_code
    ):  # https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible-trait
        headers["x-amzn-query-error"] = f"{error.query_code};{'Sender' if status < 500 else 'Receiver'}"
    return Refusal(status, headers, json.dumps({"__type": error.code, "message": error.message}).encode())


def _query(error: FunctoryError, request_id: str, namespace: str) -> Refusal:
    plain = (error.query_code or error.code.removesuffix("Exception"), error.status)
    code, status = plain if error.query_code else _QUERY_CODES.get(error.code, plain)
    kind = "Sender" if status < 500 else "Receiver"
    opening = f'<ErrorResponse xmlns="{namespace}">' if namespace else "<ErrorResponse>"
    body = (
        f"{opening}<Error><Type>{kind}</Type><Code>{xml_text(code)}</Code>"
        f"<Message>{xml_text(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = {"Content-Type": XML_TYPE, "x-amzn-RequestId": request_id}
    return Refusal(status, headers, body.encode())


def _storage(error: FunctoryError, request_id: str) -> Refusal:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses"""
    code, status = code_of(error)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{xml_text(code)}</Code><Message>{xml_text(error.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )
    headers = {"Content-Type": "application/xml", "x-amz-request-id": request_id}
    return Refusal(status, headers, body.encode())


def xml_text(text: str) -> str:
    """Text between tags; what XML 1.0 cannot hold is replaced."""
    return escape("".join(character if _is_xml(ord(character)) else "\ufffd" for character in text))


def _is_xml(code: int) -> bool:
    return code in {9, 10, 13} or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
