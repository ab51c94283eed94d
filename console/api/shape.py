"""An operation's result into status, headers and JSON body, by the model's output shape; and errors into the
form that an SDK reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from console.api.model import Operation


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def shape_answer(operation: Operation, result: Mapping[str, Any]) -> Answer:
    """Only members of the output shape leave; None is left out. A result member that the model does not know
    raises KeyError: that is a mistake of the operation."""
    shape, status = operation.output, operation.status
    if shape is None or status == 204:
        return Answer(status, b"")
    headers: dict[str, str] = {}
    document: dict[str, Any] = {}
    for name, value in result.items():
        member = shape.members[name]
        match member.serialization.get("location"):
            case None:
                document[member.serialization.get("name", name)] = to_json(member, value)
            case "header":
                headers[member.serialization["name"]] = str(value)
            case _:  # statusCode
                status = value
    body = b"" if status == 204 else json.dumps(_without_none(document)).encode()
    return Answer(status, body, headers)


def to_json(shape: Shape, value: Any) -> Any:
    """A value in JSON types, as its shape has it; a member that the shape does not know raises KeyError."""
    if value is None:
        return None
    if isinstance(shape, StructureShape):
        return {
            shape.members[name].serialization.get("name", name): to_json(shape.members[name], item)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(shape, ListShape):
        return [to_json(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: to_json(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, datetime):
        return value.timestamp()
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return value


def _without_none(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
