"""A log's text as lines a page can show: level, kind, JSON set apart. Pure: knows no request, no database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

DEBUG, INFO, WARN, ERROR, PLATFORM = "debug", "info", "warn", "error", "platform"
_NAMES = {
    "TRACE": DEBUG,
    "DEBUG": DEBUG,
    "INFO": INFO,
    "WARN": WARN,
    "WARNING": WARN,
    "ERROR": ERROR,
    "CRITICAL": ERROR,
    "FATAL": ERROR,
}
# Python's runtime writes "[LEVEL]\t...", Node's "time\trequest id\tLEVEL\t..."; people write "LEVEL: ...".
_LEVEL = re.compile(
    r"^(?:\[(?P<bracket>[A-Z]+)\]|[^\t]*Z\t[^\t]*\t(?P<column>[A-Z]+)\t|(?P<plain>[A-Z]+)[:\s])"
)
_PLATFORM = re.compile(r"^(?:START|END|REPORT) RequestId: ")
_TIMED_OUT = re.compile(r"^\S+ \S+ Task timed out after ")
_JSON_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: its number from 1, its text, a level ("" when it names none), and, where the line is or ends
    in a JSON object or array, the text before it and the indented JSON."""

    number: int
    text: str
    level: str = ""
    before: str = ""
    json: str = ""


def parse(text: str) -> list[LogLine]:
    """The lines of a log. Lines of a traceback carry the level error to its end."""
    lines: list[LogLine] = []
    in_traceback = False
    for number, line in enumerate(text.splitlines(), 1):
        in_traceback = _continues_traceback(line, in_traceback)
        before, folded = fold_json(line)
        level = ERROR if in_traceback else level_of(line)
        lines.append(LogLine(number, line, level, before, folded))
        if in_traceback and _ends_traceback(line):
            in_traceback = False
    return lines


def level_of(line: str) -> str:
    """The level that a line names in one of the usual shapes, "platform" for Lambda's own lines."""
    if _PLATFORM.match(line):
        return PLATFORM
    if _TIMED_OUT.match(line):
        return ERROR
    if line.startswith("{"):
        return _json_level(line)
    match = _LEVEL.match(line)
    if match is None:
        return ""
    return _NAMES.get(match["bracket"] or match["column"] or match["plain"], "")


def fold_json(line: str) -> tuple[str, str]:
    """What stands before a JSON object or array at the end of a line, and that JSON indented; else empty."""
    starts = [at for at in (line.find("{"), line.find("[")) if at >= 0]
    if not starts or not line.rstrip().endswith(("}", "]")) or len(line) > _JSON_LIMIT:
        return "", ""
    for start in sorted(starts):
        if start and not (line[start - 1].isspace() or line[start - 1] in ":="):
            continue  # an index as in event["name"], not a value
        value = _load(line[start:])
        if isinstance(value, dict | list) and value:
            return line[:start], json.dumps(value, indent=2, ensure_ascii=False)
    return "", ""


def without_platform(lines: Iterable[LogLine]) -> list[LogLine]:
    """Only what the function itself wrote."""
    return [line for line in lines if line.level != PLATFORM]


def headline(text: str) -> LogLine:
    """The line that says most about a log in one row: its first error, else the function's first own line,
    else the last line there is (REPORT)."""
    lines = parse(text)
    own = without_platform(lines)
    errors = [line for line in own if line.level == ERROR]
    for choice in (errors[:1], own[:1], lines[-1:]):
        if choice:
            return choice[0]
    return LogLine(1, "")


def _json_level(line: str) -> str:
    value = _load(line)
    if not isinstance(value, dict):
        return ""
    name = value.get("level") or value.get("log_level") or value.get("severity") or ""
    return _NAMES.get(str(name).upper(), "")


def _load(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _continues_traceback(line: str, inside: bool) -> bool:
    return not _PLATFORM.match(line) and (inside or line.startswith("Traceback (most recent call last)"))


def _ends_traceback(line: str) -> bool:
    """A traceback ends with its one unindented line, the exception; only its first line is unindented too."""
    return bool(line) and not line[0].isspace() and not line.startswith("Traceback ")
