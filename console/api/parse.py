"""A request into an operation's typed parameters, by the model's bindings (path, query, headers, body).
Refuses what has the wrong JSON type; ranges and patterns are console.api.validate's."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from console.api.model import Match
from functions.errors import InvalidRequestContent, Serialization

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")
Query = Mapping[str, list[str]]


def parse(match: Match, query: Query, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The parameters as botocore's caller wrote them. Raises InvalidRequestContent for a body that is no
    JSON object and Serialization for a member of the wrong type."""
    shape = match.operation.input
    if shape is None:
        return {}
    payload = shape.serialization.get("payload")
    document = {} if payload else _document(shape, body)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        if name == payload:
            found[name] = body
            continue
        text = _bound_text(name, member, match.uri, query, headers)
        if text is not None:
            found[name] = _from_text(name, member, text)
        elif "location" not in member.serialization and document.get(_wire_name(name, member)) is not None:
            found[name] = from_json(name, member, document[_wire_name(name, member)])
    return found


def _document(shape: StructureShape, body: bytes) -> dict[str, Any]:
    in_body = any("location" not in member.serialization for member in shape.members.values())
    if not in_body or not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContent(f"Could not parse request body into json: {error}") from None
    if not isinstance(document, dict):
        raise InvalidRequestContent("Could not parse request body into json: an object is expected")
    return document


def _wire_name(name: str, member: Shape) -> str:
    wire: str = member.serialization.get("name", name)
    return wire


def _bound_text(
    name: str, member: Shape, uri: Mapping[str, str], query: Query, headers: Mapping[str, str]
) -> str | list[str] | None:
    wire = _wire_name(name, member)
    match member.serialization.get("location"):
        case "uri":
            return uri.get(wire)
        case "querystring":
            values = query.get(wire)
            if not values:
                return None
            return values if member.type_name == "list" else values[-1]
        case "header":
            return headers.get(wire.lower())
        case _:
            return None


def _from_text(name: str, member: Shape, text: str | list[str]) -> Any:
    if isinstance(text, list):
        return text
    match member.type_name:
        case "integer" | "long":
            if not _WHOLE_NUMBER.fullmatch(text):
                raise Serialization(f"{text} can not be converted to an Integer at {name}")
            return int(text)
        case "boolean":
            return text.lower() == "true"
        case _:
            return text


def from_json(name: str, shape: Shape, value: Any) -> Any:
    """A JSON value as its shape has it; raises Serialization naming the member."""
    if isinstance(shape, StructureShape):
        _expect(name, value, dict)
        return {
            key: from_json(key, member, value[_wire_name(key, member)])
            for key, member in shape.members.items()
            if value.get(_wire_name(key, member)) is not None
        }
    if isinstance(shape, ListShape):
        _expect(name, value, list)
        return [from_json(name, shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        _expect(name, value, dict)
        return {key: from_json(name, shape.value, item) for key, item in value.items()}
    return _scalar(name, shape.type_name, value)


_SCALARS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "blob": (str,),
}


def _scalar(name: str, type_name: str, value: Any) -> Any:
    _expect(name, value, *_SCALARS[type_name])
    if isinstance(value, bool) and type_name != "boolean":
        raise Serialization(f"Unexpected boolean value at {name}")
    if type_name != "blob":
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Serialization(f"{name} is not valid base64") from None


def _expect(name: str, value: Any, *types: type) -> None:
    if not isinstance(value, types):
        raise Serialization(f"Unexpected {type(value).__name__} value at {name}")
