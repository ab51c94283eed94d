"""The little language of the log search box, parsed: words, "exact phrases", -exclusions, and field:value.
Pure; says what a log must contain, not where logs are kept."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from uuid import UUID

_TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<field>[A-Za-z_][\w.]*)[:=])?(?:"(?P<quoted>[^"]*)"|(?P<word>\S+))')
KNOWN = frozenset({"level", "request", "function", "outcome", "version", "trigger", "cold"})
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
# What a line of a level looks like in the runtimes' own formats and in the usual JSON loggers.
_SHAPES = {
    "DEBUG": ("[DEBUG]", "\tDEBUG\t", '"level":"DEBUG"', '"level": "DEBUG"'),
    "INFO": ("[INFO]", "\tINFO\t", '"level":"INFO"', '"level": "INFO"'),
    "WARN": ("[WARN", "\tWARN", '"level":"WARN', '"level": "WARN'),
    "ERROR": (
        "[ERROR]",
        "[CRITICAL]",
        "\tERROR\t",
        "Traceback (most recent call last)",
        "Task timed out after",
        '"level":"ERROR',
        '"level": "ERROR',
    ),
}


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What was asked: `terms` must all appear, `excluded` must not, `known` restricts the invocation, and
    `fields` are paths into JSON lines with the value they must have."""

    terms: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    known: dict[str, str] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def level_shapes(self) -> tuple[str, ...]:
        """Texts of which one must appear for the level that was asked; empty when none was."""
        return _SHAPES.get(self.known.get("level", ""), ())

    @property
    def is_empty(self) -> bool:
        """Whether nothing restricts the result."""
        return not (self.terms or self.excluded or self.known or self.fields)

    def matches_fields(self, text: str) -> bool:
        """Whether one JSON line of a log has every field asked."""
        return not self.fields or any(self._has_fields(line) for line in text.splitlines())

    def _has_fields(self, line: str) -> bool:
        start = line.find("{")
        if start < 0:
            return False
        try:
            value = json.loads(line[start:])
        except (ValueError, RecursionError):
            return False
        return all(_at(value, path) == wanted for path, wanted in self.fields)


def parse(text: str) -> LogQuery:
    """A query from what was typed. Never fails: what is no field is a word, as in any search box."""
    terms: list[str] = []
    excluded: list[str] = []
    known: dict[str, str] = {}
    fields: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(text):
        name = match["field"] or ""
        value = match["quoted"] if match["quoted"] is not None else match["word"]
        if match["minus"] and not name:
            excluded.append(value)
        elif name.lower() in KNOWN:
            known[name.lower()] = _tidy(name.lower(), value)
        elif name:
            fields.append((name, value))
        elif is_request_id(value):
            known["request"] = value.lower()
        else:
            terms.append(value)
    return LogQuery(
        tuple(term for term in terms if term), tuple(term for term in excluded if term), known, tuple(fields)
    )


def is_request_id(text: str) -> bool:
    """Whether `text` is a whole request id."""
    try:
        return len(text) == 36 and str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _tidy(name: str, value: str) -> str:
    if name != "level":
        return value
    level = value.upper()
    return {"WARNING": "WARN", "CRITICAL": "ERROR", "FATAL": "ERROR"}.get(level, level)


def _at(value: object, path: str) -> str | None:
    """The value at a dotted path, as text: numbers and truth as JSON writes them."""
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value if isinstance(value, str) else json.dumps(value)
