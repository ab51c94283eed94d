"""Checks parameters against the model's constraints (required, length, range, pattern, enum) and says what is
wrong in the words that AWS uses, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import regex  # the model's patterns use \p{L}, which the standard library's re does not know
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from functions.errors import Validation

# AWS answers these itself with InvalidParameterValueException in other words; operations check them.
# What no database keeps: NUL, and halves of characters.
_STORABLE = regex.compile(r"[^\x00\ud800-\udfff]*")
_STORABLE_WORDS = "[^\\u0000\\uD800-\\uDFFF]*"
_NUMERIC = frozenset({"integer", "long", "double", "float"})
_LEFT_TO_OPERATIONS = frozenset({"Runtime", "MemorySize"})
# SQS has words of its own for an attribute that it does not know, and takes those of messages where its model has
# only those of queues.
_OPEN = frozenset({"QueueAttributeName", "MessageSystemAttributeName"})


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
        yield from _list(path, shape, value)
    elif isinstance(shape, MapShape):
        yield from _map(path, shape, value)
    elif shape.name not in _LEFT_TO_OPERATIONS:
        for constraint in _broken(shape, value):
            yield _fault(path, _shown(shape, value), constraint)


def _list(path: str, shape: ListShape, values: list[Any]) -> Iterator[str]:
    for constraint in _broken(shape, values):
        yield _fault(path, _shown(shape, values), constraint)
    if isinstance(shape.member, StructureShape):
        for index, item in enumerate(values, 1):
            yield from _member(f"{path}.{index}.member", shape.member, item)
    elif any(any(_broken(shape.member, item)) for item in values):
        yield _fault(path, _shown(shape, values), f"satisfy constraint: {_constraints(shape.member)}")


def _map(path: str, shape: MapShape, values: Mapping[str, Any]) -> Iterator[str]:
    """Each side is judged whole, as AWS does."""
    for constraint in _broken(shape, values):
        yield _fault(path, _shown(shape, values), constraint)
    for what, side, items in (("keys", shape.key, values.keys()), ("value", shape.value, values.values())):
        if isinstance(side, StructureShape | ListShape | MapShape):
            for key, item in values.items():
                yield from _member(f"{path}.{key}", side, item)
        elif any(any(_broken(side, item)) for item in items):
            shown = _shown(shape, values)
            yield (
                f"Value '{shown}' at '{path}' failed to satisfy constraint: Map {what} must satisfy constraint: "
                + (_constraints(side))
            )


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of its own that a value breaks."""
    numeric = shape.type_name in _NUMERIC
    if numeric or shape.type_name in {"string", "blob", "list", "map"}:
        size = value if numeric else len(value)
        what = "value" if numeric else "length"
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and size < low:
            yield f"have {what} greater than or equal to {low}"
        if high is not None and size > high:
            yield f"have {what} less than or equal to {high}"
    if isinstance(shape, StringShape):
        if not _STORABLE.fullmatch(value):
            yield f"satisfy regular expression pattern: {_STORABLE_WORDS}"
        pattern = shape.metadata.get("pattern")
        if pattern and not regex.fullmatch(pattern, value):
            yield f"satisfy regular expression pattern: {pattern}"
        if shape.enum and value not in shape.enum and shape.name not in _OPEN:
            yield f"satisfy enum value set: [{', '.join(shape.enum)}]"


def _constraints(shape: Shape) -> str:
    """All that members of a list or map must be, in AWS's order."""
    words = []
    what = "value" if shape.type_name in _NUMERIC else "length"
    if "max" in shape.metadata:
        words.append(f"Member must have {what} less than or equal to {shape.metadata['max']}")
    if "min" in shape.metadata:
        words.append(f"Member must have {what} greater than or equal to {shape.metadata['min']}")
    if "pattern" in shape.metadata:
        words.append(f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}")
    if isinstance(shape, StringShape) and shape.enum:
        words.append(f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    return f"[{', '.join([*words, 'Member must not be null'])}]"


def _shown(shape: Shape, value: Any) -> Any:
    """As AWS prints it: lists without quotes, secrets and packages not at all."""
    if shape.type_name == "blob":
        return "[blob]"
    if shape.metadata.get("sensitive"):
        return "***"
    if isinstance(shape, ListShape):
        return f"[{', '.join(str(_shown(shape.member, item)) for item in value)}]"
    if isinstance(shape, MapShape):
        return f"{{{', '.join(f'{key}={_shown(shape.value, item)}' for key, item in value.items())}}}"
    return value


def _fault(path: str, value: Any, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _join(path: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name
