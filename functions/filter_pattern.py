"""CloudWatch Logs' filter patterns: terms, and comparisons of JSON members. Pure.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
Not there: space-delimited patterns (`[ip, user, ...]`) and regular expressions (`%...%`), which are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from functions.errors import InvalidParameter
from functions.json_paths import MISSING, read_path

_TERM = re.compile(r'\s*([?-]?)("(?:[^"\\]|\\.)*"|[^\s"]+)')
_TOKEN = re.compile(
    r'\s*(?:(?P<op>\|\||&&|[()]|!=|<=|>=|=|<|>)|(?P<path>\$[.\w\[\]*-]*)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()=<>!&|"]+))'
)
_DEEPEST = 32

Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class FilterPattern:
    """What a message must be like. All of `required` are in it, one of `either` (if there are any), none of
    `excluded`; `holds` judges a message that is JSON."""

    required: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    holds: Test | None = None

    def matches(self, message: str) -> bool:
        """Whether a message is meant; letters count as they are written."""
        if self.holds is not None:
            return self.holds(_parsed(message))
        return (
            all(term in message for term in self.required)
            and not any(term in message for term in self.excluded)
            and (not self.either or any(term in message for term in self.either))
        )


def read_pattern(text: str) -> FilterPattern:
    """A pattern; raises InvalidParameter for one that cannot be read, or is of a kind that is not there."""
    text = text.strip()
    if text.startswith("{"):
        return FilterPattern(holds=_Comparisons(text).read())
    if text.startswith("["):
        raise InvalidParameter(
            "Invalid filter pattern: space-delimited patterns are not supported by Functory."
        )
    return _terms(text)


def _terms(text: str) -> FilterPattern:
    found: dict[str, list[str]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None:
            raise InvalidParameter("Invalid filter pattern: a quotation mark is not closed.")
        mark, term = match[1], match[2]
        if len(term) > 2 and term[0] == term[-1] == "%":
            raise InvalidParameter(
                "Invalid filter pattern: regular expressions are not supported by Functory."
            )
        found[mark].append(_unquoted(term))
        at = match.end()
    # As AWS has it: with a term that must be there, those of which one would do count for nothing.
    either = () if found[""] else tuple(found["?"])
    return FilterPattern(tuple(found[""]), either, tuple(found["-"]))


def _unquoted(term: str) -> str:
    return re.sub(r"\\(.)", r"\1", term[1:-1]) if term.startswith('"') else term


def _parsed(message: str) -> Any:
    start = message.find("{")
    if start < 0:
        return MISSING
    try:
        return json.loads(message[start:])
    except (ValueError, RecursionError):
        return MISSING


class _Comparisons:
    """Reads `{ ($.level = "ERROR") && ($.took > 5) }`."""

    def __init__(self, text: str) -> None:
        if not text.endswith("}"):
            raise _wrong(text)
        self._text = text
        self._tokens = self._split(text[1:-1])
        self._at = 0

    def read(self) -> Test:
        """The whole pattern."""
        test = self._any(0)
        if self._at != len(self._tokens):
            raise _wrong(self._text)
        return test

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, at, end = [], 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise _wrong(self._text)
            tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        return tokens

    def _next(self, kind: str = "", *texts: str) -> str:
        """The next token, if it is one of these, else ""."""
        if self._at < len(self._tokens):
            found, text = self._tokens[self._at]
            if (not kind or found == kind) and (not texts or text in texts):
                self._at += 1
                return text
        return ""

    def _any(self, depth: int) -> Test:
        tests = [self._all(depth)]
        while self._next("op", "||"):
            tests.append(self._all(depth))
        return lambda value: any(test(value) for test in tests)

    def _all(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._next("op", "&&"):
            tests.append(self._one(depth))
        return lambda value: all(test(value) for test in tests)

    def _one(self, depth: int) -> Test:
        if depth > _DEEPEST:
            raise _wrong(self._text)
        if self._next("op", "("):
            test = self._any(depth + 1)
            if not self._next("op", ")"):
                raise _wrong(self._text)
            return test
        path = self._next("path")
        if not path:
            raise _wrong(self._text)
        return self._compared(_reader(path, self._text))

    def _compared(self, read: Callable[[Any], Any]) -> Test:
        if self._next("word", "EXISTS"):
            return lambda value: read(value) is not MISSING
        if self._next("word", "NOT") and self._next("word", "EXISTS"):
            return lambda value: read(value) is MISSING
        if self._next("word", "IS"):
            wanted = {"TRUE": True, "FALSE": False, "NULL": None}.get(self._next("word"), MISSING)
            if wanted is MISSING:
                raise _wrong(self._text)
            return lambda value: read(value) is wanted
        operator = self._next("op", "=", "!=", "<", "<=", ">", ">=")
        quoted = self._next("text")
        word = quoted or self._next("word")
        if not operator or not word:
            raise _wrong(self._text)
        return _comparison(operator, _unquoted(word), read, is_text=bool(quoted), pattern=self._text)


def _comparison(
    operator: str, wanted: str, read: Callable[[Any], Any], *, is_text: bool, pattern: str
) -> Test:
    number = _number(wanted) if not is_text else None
    if operator in {"=", "!="}:

        def equal(value: Any) -> bool:
            found = read(value)
            if number is not None and isinstance(found, int | float) and not isinstance(found, bool):
                return found == number
            return isinstance(found, str) and fnmatchcase(found, wanted.replace("[", "[[]"))

        return equal if operator == "=" else lambda value: read(value) is not MISSING and not equal(value)
    if number is None:
        raise _wrong(pattern)
    holds: dict[str, Callable[[float], bool]] = {
        "<": lambda found: found < number,
        "<=": lambda found: found <= number,
        ">": lambda found: found > number,
        ">=": lambda found: found >= number,
    }
    test = holds[operator]

    def ordered(value: Any) -> bool:
        found = read(value)
        return isinstance(found, int | float) and not isinstance(found, bool) and test(found)

    return ordered


def _reader(path: str, pattern: str) -> Callable[[Any], Any]:
    try:
        return read_path(path)
    except ValueError:
        raise _wrong(pattern) from None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _wrong(pattern: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid filter pattern: {pattern[:200]}")
