"""How a refusal looks in each protocol."""

from __future__ import annotations

import json
from xml.etree import ElementTree as Xml

import pytest

from functions.errors import (
    AccessDenied,
    FunctoryError,
    InvalidParameterValue,
    InvalidSignature,
    NoSuchEntity,
    NotImplementedHere,
    ServiceError,
    UnrecognizedClient,
)
from functions.protocols import WireProtocol, protocol_of, refusal


def test_what_a_request_speaks():
    assert protocol_of("/2015-03-31/functions", {"x-amz-target": "x"}) is WireProtocol.REST_JSON
    assert protocol_of("/", {"x-amz-target": "x"}) is WireProtocol.JSON
    assert protocol_of("/", {}) is WireProtocol.QUERY


@pytest.mark.parametrize(
    ("kind", "code", "status", "fault"),
    [
        (NoSuchEntity, "NoSuchEntity", 404, "Sender"),
        (AccessDenied, "AccessDenied", 403, "Sender"),
        (InvalidSignature, "SignatureDoesNotMatch", 403, "Sender"),
        (UnrecognizedClient, "InvalidClientTokenId", 403, "Sender"),
        (InvalidParameterValue, "ValidationError", 400, "Sender"),
        (NotImplementedHere, "NotImplemented", 501, "Receiver"),
        (ServiceError, "ServiceFailure", 500, "Receiver"),
    ],
)
def test_in_the_query_protocol(kind: type[FunctoryError], code: str, status: int, fault: str):
    shown = refusal(WireProtocol.QUERY, kind("a < b\0"), "id-1", "urn:x")
    document = Xml.fromstring(shown.body)
    space = "{urn:x}"
    assert document.tag == f"{space}ErrorResponse"
    assert shown.status == status
    assert document.findtext(f"{space}Error/{space}Code") == code
    assert document.findtext(f"{space}Error/{space}Type") == fault
    assert document.findtext(f"{space}Error/{space}Message") == "a < b\ufffd"
    assert document.findtext(f"{space}RequestId") == "id-1"


def test_in_json_a_callers_fault_is_400():
    shown = refusal(WireProtocol.JSON, AccessDenied("no"), "id-1")
    assert (shown.status, shown.headers["x-amzn-ErrorType"]) == (400, "AccessDeniedException")
    assert json.loads(shown.body) == {"__type": "AccessDeniedException", "message": "no"}
    assert refusal(WireProtocol.JSON, ServiceError("no"), "id-1").status == 500


def test_in_lambdas_own_it_is_as_ever():
    shown = refusal(WireProtocol.REST_JSON, AccessDenied("no"), "id-1")
    assert (shown.status, json.loads(shown.body)["Message"]) == (403, "no")
