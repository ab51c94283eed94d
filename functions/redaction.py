"""Values that are not kept: field paths of a function's events and answers, blotted out before anything is stored.
`headers.authorization`, `body.card.number` (a body that is JSON text is looked into), `Records.*.body`. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from functions.errors import InvalidParameterValue

REDACTED = "[redacted]"
MOST_PATHS = 20
LONGEST_PATH = 200
ANY = "*"


def check_paths(value: object) -> list[str]:
    """Paths as they are stored, from a list or from lines of text; raises InvalidParameterValue with field
    `redact`."""
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise InvalidParameterValue("Field paths are lines of text.", field="redact")
    paths = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(paths) > MOST_PATHS:
        raise InvalidParameterValue(f"At most {MOST_PATHS} field paths are taken.", field="redact")
    for path in paths:
        if len(path) > LONGEST_PATH or not path.isprintable() or not all(path.split(".")):
            raise InvalidParameterValue(
                f"{path[:60]} is no field path: write names with dots between them, as headers.authorization.",
                field="redact",
            )
    return paths


def redacted(text: str, paths: Sequence[str]) -> str | None:
    """The JSON text without the values at those paths; None when it is no JSON: then nothing is known of it, and
    nothing may be kept."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for path in paths:
        document = _blot(document, path.split("."))
    return json.dumps(document, ensure_ascii=False)


def _blot(value: Any, path: list[str]) -> Any:
    if not path:
        return REDACTED
    if isinstance(value, dict):
        for name in [name for name in value if _matches(name, path[0])]:
            value[name] = _blot(value[name], path[1:])
    elif isinstance(value, list):
        for at in range(len(value)):
            if path[0] in {ANY, str(at)}:
                value[at] = _blot(value[at], path[1:])
    elif isinstance(value, str):
        return _inside(value, path)
    return value


def _inside(text: str, path: list[str]) -> str:
    """JSON text inside JSON, as the body of an HTTP event; other text is left as it is."""
    if text[:1] not in {"{", "["}:
        return text
    try:
        return json.dumps(_blot(json.loads(text), path), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _matches(name: str, wanted: str) -> bool:
    """Header names come in any case."""
    return wanted == ANY or name.lower() == wanted.lower()
