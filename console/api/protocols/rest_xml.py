"""The REST protocol in XML (S3): which operation a request line names, its parameters, and its answer, by the model.
https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from console.api.protocols.query import members
from functions.errors import Serialization, UnknownOperation
from functions.object_errors import MalformedXML
from functions.protocols import xml_text

LARGEST_XML = 4 * 1024 * 1024  # ten thousand parts with their checksums
XML_TYPE = "application/xml"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_PREFIX = "/s3"  # of an endpoint that says so; no bucket has so short a name
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}")
# How S3 calls the roots of its answers; the model does not say.
_ROOTS = {
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "GetBucketVersioning": "VersioningConfiguration",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListParts": "ListPartsResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "CopyObject": "CopyObjectResult",
    "UploadPartCopy": "CopyPartResult",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request points."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An operation of the model with what a request must have to mean it: literal queries (None: any value), and
    the names of bound parameters."""

    model: OperationModel
    literals: tuple[tuple[str, str | None], ...]
    queries: tuple[str, ...]
    headers: tuple[str, ...]
    place: tuple[bool, bool]

    def is_meant(self, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Whether the request has all of it."""
        return (
            all(name in query and value in {None, query[name]} for name, value in self.literals)
            and all(name in query for name in self.queries)
            and all(name in headers for name in self.headers)
        )

    @property
    def weight(self) -> int:
        """How much it demands: of two that fit, the one that demands more is meant."""
        return len(self.literals) + len(self.queries) + len(self.headers)


def address_of(raw_path: str) -> Address:
    """Bucket and key of a path as it came over the wire."""
    path = raw_path[len(_PREFIX) :] if raw_path == _PREFIX or raw_path.startswith(f"{_PREFIX}/") else raw_path
    bucket, _, key = path.removeprefix("/").partition("/")
    return Address(unquote(bucket), unquote(key))


def match(
    method: str, address: Address, query: Mapping[str, str], headers: Mapping[str, str]
) -> OperationModel:
    """The operation that is meant; raises UnknownOperation. `headers` by lower-case name."""
    place = bool(address.bucket), bool(address.key)
    found = [one for one in _candidates(method) if one.place == place and one.is_meant(query, headers)]
    if not found:
        raise UnknownOperation("The specified method is not allowed against this resource.")
    return max(found, key=lambda one: one.weight).model


@lru_cache(maxsize=8)
def _candidates(method: str) -> tuple[Candidate, ...]:
    model = ServiceModel(Loader().load_service_model("s3", "service-2", "2006-03-01"), "s3")
    operations = (model.operation_model(name) for name in model.operation_names if "Directory" not in name)
    current = (one for one in operations if not one.deprecated)
    return tuple(_candidate(one) for one in current if one.http["method"] == method)


def _candidate(model: OperationModel) -> Candidate:
    path, _, literal = model.http["requestUri"].partition("?")
    pairs = parse_qsl(literal, keep_blank_values=True)
    inputs = shapes_of(model.input_shape)
    required = model.input_shape.required_members if model.input_shape else []
    bound: dict[str, list[str]] = {"querystring": [], "header": []}
    for name in required:
        serialization = inputs[name].serialization
        if serialization.get("location") in bound:
            bound[serialization["location"]].append(serialization["name"])
    return Candidate(
        model,
        tuple((name, value or None) for name, value in pairs),
        tuple(bound["querystring"]),
        tuple(name.lower() for name in bound["header"]),
        ("{Bucket}" in path, "{Key+}" in path),
    )


def parse(
    model: OperationModel, address: Address, query: Mapping[str, str], headers: Mapping[str, str]
) -> dict[str, Any]:
    """What is bound to address, query and headers; raises Serialization. Times stay as they are written."""
    found: dict[str, Any] = {}
    bound = {"uri": {"Bucket": address.bucket, "Key": address.key}, "querystring": query, "header": headers}
    for name, member in shapes_of(model.input_shape).items():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "headers":
            pairs = ((key.removeprefix(wire), text) for key, text in headers.items() if key.startswith(wire))
            found[name] = dict(pairs)
        elif location in bound:
            text = bound[location].get(wire.lower() if location == "header" else wire)
            if text is not None and text != "":
                found[name] = _scalar(name, member, text)
    return found


def takes_xml(model: OperationModel) -> str:
    """The member that the body is, as XML; "" where it is none."""
    name: str = model.input_shape.serialization.get("payload", "") if model.input_shape else ""
    return name if name and isinstance(shapes_of(model.input_shape)[name], StructureShape) else ""


def parse_xml(shape: Shape, body: bytes) -> Any:
    """A body by its shape; raises MalformedXML."""
    malformed = MalformedXML(
        "The XML you provided was not well-formed or did not validate against our published schema"
    )
    if b"<!" in body:  # no document type and so no entities
        raise malformed
    try:
        return _from_element(shape, ElementTree.fromstring(body))  # noqa: S314 - see above
    except (ElementTree.ParseError, Serialization, ValueError):
        raise malformed from None


def _from_element(shape: Shape, element: ElementTree.Element) -> Any:
    if isinstance(shape, StructureShape):
        found = {}
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if isinstance(member, ListShape):
                items = _items(wire, member, element)
                if items:
                    found[name] = [_from_element(member.member, one) for one in items]
            elif children := _named(element, wire):
                found[name] = _from_element(member, children[0])
        return found
    return _scalar(element.tag, shape, element.text or "")


def _items(wire: str, shape: ListShape, element: ElementTree.Element) -> list[ElementTree.Element]:
    if shape.serialization.get("flattened"):
        return _named(element, wire)
    inner = shape.member.serialization.get("name", "member")
    return [one for holder in _named(element, wire) for one in _named(holder, inner)]


def _named(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def _scalar(name: str, shape: Shape, text: str) -> Any:
    match shape.type_name:
        case "integer" | "long":
            if not _WHOLE_NUMBER.fullmatch(text):
                raise Serialization(f"Provided {name} not an integer or within integer range")
            return int(text)
        case "boolean":
            return text.lower() == "true"
        case _:
            return text


def write_headers(model: OperationModel, result: Mapping[str, Any]) -> dict[str, str]:
    """The headers of an answer."""
    found: dict[str, str] = {}
    for name, value in result.items():
        serialization = shapes_of(model.output_shape)[name].serialization
        if value is None:
            continue
        if serialization.get("location") == "header":
            found[serialization["name"]] = _header(value)
        elif serialization.get("location") == "headers":
            found |= {f"{serialization['name']}{key}": text for key, text in value.items()}
    return found


def write_body(model: OperationModel, result: Mapping[str, Any]) -> bytes:
    """The XML of an answer, b"" where the operation has none."""
    if model.name not in _ROOTS or model.output_shape is None:
        return b""
    shape, root = model.output_shape, _ROOTS[model.name]
    payload = shape.serialization.get("payload")
    if payload:
        shape, result = cast(StructureShape, shape.members[payload]), result.get(payload) or {}
    if model.name == "GetBucketLocation":  # the one that is a word
        text = xml_text(result["LocationConstraint"] or "")
    else:
        located = {name for name, member in shape.members.items() if member.serialization.get("location")}
        text = "".join(members(shape, {k: v for k, v in result.items() if k not in located}))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">{text}</{root}>'.encode()


def shapes_of(shape: StructureShape | None) -> Mapping[str, Shape]:
    """The members of what goes in or comes out; none where there is nothing."""
    found: Mapping[str, Shape] = shape.members if shape else {}
    return found


def _header(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_datetime(value.astimezone(UTC), usegmt=True) if isinstance(value, datetime) else str(value)
