"""Walks over the service model: every member of an operation's input, values that fit a shape, and whether an answer
has nothing that its shape does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from console.api.model import lambda_model

Path = tuple[str, ...]
ITEM, KEY, VALUE = "[]", "{key}", "{value}"


def members(
    shape: Shape | None, path: Path = (), seen: frozenset[str] = frozenset()
) -> Iterator[tuple[Path, Shape]]:
    """Every member below a shape with the way to it; a shape inside itself is left out."""
    if shape is None or shape.name in seen:
        return
    seen |= {shape.name}
    inner: list[tuple[str, Shape]] = []
    if isinstance(shape, StructureShape):
        inner = list(shape.members.items())
    elif isinstance(shape, ListShape):
        inner = [(ITEM, shape.member)]
    elif isinstance(shape, MapShape):
        inner = [(KEY, shape.key), (VALUE, shape.value)]
    for name, member in inner:
        yield (*path, name), member
        yield from members(member, (*path, name), seen)


def input_members() -> Iterator[tuple[str, Path, Shape]]:
    """Every member of every operation's input."""
    for operation in lambda_model().operations:
        for path, shape in members(operation.input):
            yield operation.name, path, shape


def put(shape: Shape | None, path: Path, value: Any) -> Any:
    """A value at the end of a path below a shape, in as many lists and maps as it needs."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if first == ITEM:
        assert isinstance(shape, ListShape)
        return [put(shape.member, rest, value)]
    if first == KEY:
        assert isinstance(shape, MapShape)
        return {value: _any(shape.value)}
    if first == VALUE:
        assert isinstance(shape, MapShape)
        return {"k": put(shape.value, rest, value)}
    assert isinstance(shape, StructureShape)
    return {first: put(shape.members[first], rest, value)}


def sized(shape: Shape, size: int) -> Any:
    """A value of that length, or of that number."""
    match shape.type_name:
        case "string":
            return "a" * size
        case "blob":
            return b"a" * size
        case "list":
            assert isinstance(shape, ListShape)
            return [_any(shape.member)] * size
        case "map":
            assert isinstance(shape, MapShape)
            return {f"k{number}": _any(shape.value) for number in range(size)}
        case _:
            return size


def _any(shape: Shape) -> Any:
    if isinstance(shape, StringShape) and shape.enum:
        return shape.enum[0]
    return {"structure": {}, "list": [], "map": {}, "string": "a", "blob": b"a", "boolean": True}.get(
        shape.type_name, 1
    )


def unknown(shape: Shape | None, value: Any, where: str = "") -> Iterator[str]:
    """What of a JSON answer the shape does not have, is null, or is of another type."""
    if value is None:
        yield f"{where} is null"
    elif isinstance(shape, StructureShape):
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, item in value.items():
            if name not in names:
                yield f"{where}.{name} is unknown"
            else:
                yield from unknown(names[name], item, f"{where}.{name}")
    elif isinstance(shape, ListShape):
        for item in value:
            yield from unknown(shape.member, item, f"{where}[]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from unknown(shape.key, key, f"{where}.{key}")
            yield from unknown(shape.value, item, f"{where}.{key}")
    elif shape is not None and not isinstance(value, _TYPES[shape.type_name]):
        yield f"{where} is {value!r}, not {shape.type_name}"


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "blob": (str,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
}
