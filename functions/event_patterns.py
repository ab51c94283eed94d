"""EventBridge's event patterns: what one is, and whether an event is meant by it. Pure.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any

from functions.errors import InvalidEventPattern

_DEEPEST = 32
_ABSENT = object()

Test = Callable[[Any], bool]
"""Of one value, which is `_ABSENT` where the event has no such member."""


def read_event_pattern(text: str) -> Test:
    """What tells whether an event (a JSON object) is meant; raises InvalidEventPattern."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong("it is not valid JSON") from None
    if not isinstance(document, dict) or not document:
        raise _wrong("Filter is not an object")
    return _object(document, 0)


def _object(pattern: Mapping[str, Any], depth: int) -> Test:
    if depth > _DEEPEST:
        raise _wrong("it is too deep")
    if not pattern:
        raise _wrong("Empty objects are not allowed")
    tests = [_member(name, wanted, depth) for name, wanted in pattern.items()]

    def test(event: Any) -> bool:
        if isinstance(event, list):
            return any(test(item) for item in event)
        members = event if isinstance(event, dict) else {}
        return all(one(members) for one in tests)

    return test


def _member(name: str, wanted: Any, depth: int) -> Callable[[Mapping[str, Any]], bool]:
    if name == "$or" and isinstance(wanted, list) and all(isinstance(one, dict) for one in wanted) and wanted:
        choices = [_object(one, depth + 1) for one in wanted]
        return lambda members: any(choice(members) for choice in choices)
    if isinstance(wanted, dict):
        inner = _object(wanted, depth + 1)
        return lambda members: inner(members.get(name, _ABSENT))
    if not isinstance(wanted, list):
        raise _wrong(f'"{name[:60]}" must be an object or an array')
    if not wanted:
        raise _wrong("Empty arrays are not allowed")
    values = [_value(one) for one in wanted]

    def test(members: Mapping[str, Any]) -> bool:
        found = members.get(name, _ABSENT)
        # Of a list, one item that fits is enough; an empty one is as good as none.
        items = (found or [_ABSENT]) if isinstance(found, list) else [found]
        return any(value(item) for value in values for item in items)

    return test


def _value(wanted: Any) -> Test:
    if isinstance(wanted, dict):
        return _operator(wanted)
    if isinstance(wanted, list):
        raise _wrong("Match values must be text, numbers, true, false, null or an object")
    return lambda value: _same(value, wanted)


def _operator(wanted: Mapping[str, Any]) -> Test:
    if len(wanted) != 1:
        raise _wrong("Only one key allowed in match expression")
    ((name, operand),) = wanted.items()
    make = _OPERATORS.get(name)
    if make is None:
        raise _wrong(f"Unrecognized match type {name[:60]}")
    return make(operand)


def _same(value: Any, wanted: Any) -> bool:
    """JSON's true is not 1."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value is not _ABSENT and bool(value == wanted)


def _text(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _affix(ends: Callable[[str, str], bool], name: str) -> Callable[[Any], Test]:
    def make(operand: Any) -> Test:
        if isinstance(operand, dict) and operand.keys() == {"equals-ignore-case"}:
            lower = _string(operand["equals-ignore-case"], name).lower()
            return _text(lambda value: ends(value.lower(), lower))
        wanted = _string(operand, name)
        return _text(lambda value: ends(value, wanted))

    return make


def _ignoring_case(operand: Any) -> Test:
    wanted = _string(operand, "equals-ignore-case").lower()
    return _text(lambda value: value.lower() == wanted)


def _wildcard(operand: Any) -> Test:
    wanted = _string(operand, "wildcard")
    if "**" in wanted:
        raise _wrong("Consecutive wildcard characters")
    # Only `*` is special, and `\\*` is itself.
    parts = wanted.replace("\\\\", "\0").replace("\\*", "\1")
    shape = "".join({"[": "[[]", "?": "[?]", "\0": "\\", "\1": "[*]"}.get(one, one) for one in parts)
    return _text(lambda value: fnmatchcase(value, shape))


def _exists(operand: Any) -> Test:
    if not isinstance(operand, bool):
        raise _wrong("exists must be true or false")
    return lambda value: (value is not _ABSENT) is operand


def _cidr(operand: Any) -> Test:
    try:
        network = ip_network(_string(operand, "cidr"), strict=False)
    except ValueError:
        raise _wrong("Malformed CIDR") from None

    def inside(value: str) -> bool:
        try:
            return ip_address(value) in network
        except ValueError:
            return False

    return _text(inside)


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list) or len(operand) not in {2, 4}:
        raise _wrong("Invalid numeric match")
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    for comparison, limit in pairs:
        if comparison not in _COMPARISONS or isinstance(limit, bool) or not isinstance(limit, int | float):
            raise _wrong("Invalid numeric match")

    def test(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return all(_COMPARISONS[comparison](value, limit) for comparison, limit in pairs)

    return test


def _anything_but(operand: Any) -> Test:
    """What is not there is not anything."""
    if isinstance(operand, dict):
        ((name, inner),) = operand.items() if len(operand) == 1 else (("", None),)
        if name not in {"prefix", "suffix", "equals-ignore-case", "wildcard"}:
            raise _wrong("Unsupported anything-but pattern")
        tests = [_OPERATORS[name](one) for one in (inner if isinstance(inner, list) else [inner])]
    else:
        listed = operand if isinstance(operand, list) else [operand]
        if not listed or any(isinstance(one, dict | list | bool) or one is None for one in listed):
            raise _wrong("Inside anything-but list, only text and numbers are allowed")
        tests = [_value(one) for one in listed]
    return lambda value: value is not _ABSENT and not any(test(value) for test in tests)


_OPERATORS: Mapping[str, Callable[[Any], Test]] = {
    "prefix": _affix(str.startswith, "prefix"),
    "suffix": _affix(str.endswith, "suffix"),
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "cidr": _cidr,
    "numeric": _numeric,
    "anything-but": _anything_but,
}


def _string(operand: Any, name: str) -> str:
    if not isinstance(operand, str):
        raise _wrong(f"{name} match pattern must be a string")
    return operand


def _wrong(reason: str) -> InvalidEventPattern:
    return InvalidEventPattern(f"Event pattern is not valid. Reason: {reason}")
