"""Checks parameters against the model's constraints (required, length, range, pattern, enum) and says what is
wrong in the words that AWS uses, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import regex  # the model's patterns use \p{L}, which the standard library's re does not know
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from functions.errors import Validation

# AWS answers these itself with InvalidParameterValueException in other words; operations check them.
_LEFT_TO_OPERATIONS = frozenset({"Runtime", "MemorySize"})


def validate(shape: StructureShape | None, parameters: Mapping[str, Any]) -> None:
    """Raises Validation (`N validation error(s) detected: ...`) unless every constraint holds."""
    if shape is None:
        return
    faults = list(_structure("", shape, parameters))
    if faults:
        noun = "error" if len(faults) == 1 else "errors"
        raise Validation(f"{len(faults)} validation {noun} detected: {'; '.join(faults)}")


def _structure(path: str, shape: StructureShape, values: Mapping[str, Any]) -> Iterator[str]:
    for name in shape.required_members:
        if name not in values:
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, value in values.items():
        yield from _member(_join(path, name), shape.members[name], value)


def _member(path: str, shape: Shape, value: Any) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from _structure(path, shape, value)
    elif isinstance(shape, ListShape):
        yield from _bounds(path, shape, value, len(value), "length")
        for index, item in enumerate(value, 1):
            yield from _member(f"{path}.{index}.member", shape.member, item)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _member(path, shape.key, key)
            yield from _member(f"{path}.{key}", shape.value, item)
    elif isinstance(shape, StringShape):
        yield from _string(path, shape, value)
    elif shape.type_name in {"integer", "long", "double", "float"} and shape.name not in _LEFT_TO_OPERATIONS:
        yield from _bounds(path, shape, value, value, "value")
    elif shape.type_name == "blob":
        yield from _bounds(path, shape, "[blob]", len(value), "length")


def _string(path: str, shape: StringShape, value: str) -> Iterator[str]:
    if shape.name in _LEFT_TO_OPERATIONS:
        return
    yield from _bounds(path, shape, value, len(value), "length")
    pattern = shape.metadata.get("pattern")
    if pattern and not regex.fullmatch(pattern, value):
        yield _fault(path, value, f"satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        yield _fault(path, value, f"satisfy enum value set: [{', '.join(shape.enum)}]")


def _bounds(path: str, shape: Shape, value: Any, size: float, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _fault(path, value, f"have {what} greater than or equal to {low}")
    if high is not None and size > high:
        yield _fault(path, value, f"have {what} less than or equal to {high}")


def _fault(path: str, value: Any, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _join(path: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name
