"""The Condition block of an IAM policy: operators, their values, and whether a request meets them. Pure.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address, ip_network

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "\0s", "?": "\0q", "$": "$"}
_ANY_OF = ("ForAnyValue:", "ForAllValues:")

Test = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class PolicyCondition:
    """One operator on one key (in lower case) with the values of which one must fit. `set_operator` is
    "ForAnyValue:", "ForAllValues:" or ""."""

    operator: str
    key: str
    values: tuple[str, ...]
    if_exists: bool = False
    set_operator: str = ""


def read_operator(name: str) -> tuple[str, bool, str]:
    """The plain operator in `name`, whether it is IfExists, and its set operator; raises ValueError for one that
    IAM does not have."""
    set_operator = next((prefix for prefix in _ANY_OF if name.startswith(prefix)), "")
    plain = name[len(set_operator) :]
    if_exists = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    if plain not in _TESTS and plain not in _NEGATED and plain != "Null":
        raise ValueError(name)
    return plain, if_exists, set_operator


def is_met(condition: PolicyCondition, context: Mapping[str, str]) -> bool:
    """Whether a request with these keys (in lower case) meets it."""
    found = context.get(condition.key)
    if condition.operator == "Null":
        return (found is None) == (condition.values[:1] == ("true",))
    negated = condition.operator in _NEGATED
    if found is None:
        # A key that is not there is unequal to everything; of no values all fit.
        return negated or condition.if_exists or condition.set_operator == "ForAllValues:"
    test = _TESTS[_NEGATED.get(condition.operator, condition.operator)]
    fits = any(_fits(test, filled(value, context), found) for value in condition.values)
    return fits != negated


def filled(pattern: str, context: Mapping[str, str]) -> str:
    """A pattern with its policy variables (`${aws:username}`) replaced; one without a value fits nothing. A value's
    own wildcards are none."""

    def value_of(match: re.Match[str]) -> str:
        name, _, default = match[1].partition(",")
        if name in _LITERALS:
            return _LITERALS[name]
        value = context.get(name.strip().lower(), default.strip().strip("'") or "\0n")
        return value.replace("*", "\0s").replace("?", "\0q")

    return _VARIABLE.sub(value_of, pattern) if "${" in pattern else pattern


@lru_cache(maxsize=4096)
def wildcard(pattern: str) -> re.Pattern[str]:
    """`*` and `?` as IAM has them; matches whole texts."""
    parts = translate(pattern.replace("[", "[[]"))
    return re.compile(parts.replace("\0s", r"\*").replace("\0q", r"\?"))


def _fits(test: Test, wanted: str, found: str) -> bool:
    try:
        return test(wanted, found)
    except ValueError:  # no number, time or address: it does not fit
        return False


def _like(wanted: str, found: str) -> bool:
    return wildcard(wanted).match(found) is not None


def _arn_like(wanted: str, found: str) -> bool:
    """Part by part: a wildcard does not reach across colons, but in the last part."""
    parts, own = wanted.split(":", 5), found.split(":", 5)
    return len(parts) == len(own) and all(_like(*pair) for pair in zip(parts, own, strict=True))


def _compared(read: Callable[[str], float], holds: Callable[[float, float], bool]) -> Test:
    return lambda wanted, found: holds(read(found), read(wanted))


def _time(text: str) -> float:
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _plain(wanted: str) -> str:
    return wanted.replace("\0s", "*").replace("\0q", "?")


_TESTS: dict[str, Test] = {
    "StringEquals": lambda wanted, found: _plain(wanted) == found,
    "StringEqualsIgnoreCase": lambda wanted, found: _plain(wanted).lower() == found.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
    "IpAddress": lambda wanted, found: ip_address(found) in ip_network(wanted, strict=False),
    "BinaryEquals": lambda wanted, found: wanted == found,
    "NumericEquals": _compared(float, lambda found, wanted: found == wanted),
    "NumericLessThan": _compared(float, lambda found, wanted: found < wanted),
    "NumericLessThanEquals": _compared(float, lambda found, wanted: found <= wanted),
    "NumericGreaterThan": _compared(float, lambda found, wanted: found > wanted),
    "NumericGreaterThanEquals": _compared(float, lambda found, wanted: found >= wanted),
    "DateEquals": _compared(_time, lambda found, wanted: found == wanted),
    "DateLessThan": _compared(_time, lambda found, wanted: found < wanted),
    "DateLessThanEquals": _compared(_time, lambda found, wanted: found <= wanted),
    "DateGreaterThan": _compared(_time, lambda found, wanted: found > wanted),
    "DateGreaterThanEquals": _compared(_time, lambda found, wanted: found >= wanted),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
