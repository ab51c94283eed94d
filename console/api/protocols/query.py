"""The query protocol (STS, IAM, SQS before 2023): parameters in a flattened form, answers in XML, both by the model.
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from console.api.model import Operation
from console.api.shape import Answer
from functions.errors import Serialization
from functions.protocols import XML_TYPE, xml_text

Form = Mapping[str, str]


def parse_form(shape: StructureShape | None, form: Form) -> dict[str, Any]:
    """The parameters of a form (`Tags.member.1.Key=...`); raises Serialization for a number that is none."""
    if shape is None:
        return {}
    found: dict[str, Any] = _structure("", shape, form)
    return found


def _value(path: str, shape: Shape, form: Form) -> Any:
    """What lies at a path; None when nothing does."""
    if isinstance(shape, StructureShape):
        return _structure(path, shape, form) if _is_named(path, form) else None
    if isinstance(shape, ListShape):
        return _list(path, shape, form)
    if isinstance(shape, MapShape):
        return _map(path, shape, form)
    return _scalar(path, shape.type_name, form[path]) if path in form else None


def _structure(path: str, shape: StructureShape, form: Form) -> dict[str, Any]:
    found = {
        name: _value(_join(path, member.serialization.get("name", name)), member, form)
        for name, member in shape.members.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _list(path: str, shape: ListShape, form: Form) -> list[Any] | None:
    inner = _items_path(path, shape)
    items = [_item(f"{inner}.{number}", shape.member, form) for number in _numbers(inner, form)]
    # An empty list is written as its bare name.
    return items if items or path in form else None


def _items_path(path: str, shape: ListShape) -> str:
    """Where items lie: below the list, or in its place where it is flattened, under the name that they may have."""
    name = shape.member.serialization.get("name")
    if not shape.serialization.get("flattened"):
        return _join(path, name or "member")
    return _join(path.rpartition(".")[0], name) if name else path


def _item(path: str, shape: Shape, form: Form) -> Any:
    """What lies at a path where something has to lie; raises Serialization when it is of another kind."""
    found = _value(path, shape, form)
    if found is None:
        raise Serialization(f"{path} is no {shape.type_name}")
    return found


def _map(path: str, shape: MapShape, form: Form) -> dict[str, Any] | None:
    inner = path if shape.serialization.get("flattened") else f"{path}.entry"
    key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
    found = {
        form.get(f"{inner}.{number}.{key}", ""): _item(f"{inner}.{number}.{value}", shape.value, form)
        for number in _numbers(inner, form)
    }
    return found or None


def _numbers(path: str, form: Form) -> list[int]:
    """Which items of a list there are, in their order."""
    starts = (name[len(path) + 1 :].partition(".")[0] for name in form if name.startswith(f"{path}."))
    return sorted({int(start) for start in starts if start.isascii() and start.isdecimal()})


def _is_named(path: str, form: Form) -> bool:
    return any(name.startswith(f"{path}.") for name in form)


def _scalar(path: str, type_name: str, text: str) -> Any:
    try:
        match type_name:
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "blob":
                return base64.b64decode(text, validate=True)
            case _:
                return text
    except (ValueError, KeyError, binascii.Error):
        raise Serialization(f"Value ({text[:100]}) at {path} is no {type_name}") from None


def write_answer(operation: Operation, namespace: str, result: Mapping[str, Any], request_id: str) -> Answer:
    """The result in the model's XML. A member that the model does not know raises KeyError: that is a mistake of
    the operation."""
    name, shape = operation.name, operation.output
    parts = [f'<{name}Response xmlns="{namespace}">']
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        parts += [f"<{wrapper}>", *members(shape, result), f"</{wrapper}>"]
    parts.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
    return Answer(200, "".join(parts).encode(), {"Content-Type": XML_TYPE})


def members(shape: StructureShape, result: Mapping[str, Any]) -> Iterator[str]:
    """A structure's members in XML; None is left out. KeyError as write_answer."""
    for name, value in result.items():
        member = shape.members[name]
        if value is not None:
            yield from _element(member.serialization.get("name", name), member, value)


def _element(tag: str, shape: Shape, value: Any) -> Iterator[str]:
    if isinstance(shape, ListShape):
        yield from _items(tag, shape, value)
    elif isinstance(shape, MapShape):
        yield from _entries(tag, shape, value)
    else:
        yield f"<{tag}>"
        if isinstance(shape, StructureShape):
            yield from members(shape, value)
        else:
            yield xml_text(_text(value))
        yield f"</{tag}>"


def _entries(tag: str, shape: MapShape, value: Mapping[str, Any]) -> Iterator[str]:
    flat = shape.serialization.get("flattened")
    inner = tag if flat else "entry"
    if not flat:
        yield f"<{tag}>"
    for key, item in value.items():
        yield f"<{inner}>"
        yield from _element(shape.key.serialization.get("name", "key"), shape.key, key)
        yield from _element(shape.value.serialization.get("name", "value"), shape.value, item)
        yield f"</{inner}>"
    if not flat:
        yield f"</{tag}>"


def _items(tag: str, shape: ListShape, values: list[Any]) -> Iterator[str]:
    flat = shape.serialization.get("flattened")
    inner = shape.member.serialization.get("name", tag if flat else "member")
    if not flat:
        yield f"<{tag}>"
    for value in values:
        yield from _element(inner, shape.member, value)
    if not flat:
        yield f"</{tag}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
