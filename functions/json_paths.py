"""Paths into JSON as AWS's patterns and transformers write them: `$.detail.items[0].name`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_STEP = re.compile(r"\.?([\w-]+)|\[(\d+)\]")
MISSING = object()

Read = Callable[[Any], Any]


def read_path(path: str) -> Read:
    """What takes from a value the one at the path, or MISSING; raises ValueError for what is no path."""
    if not path.startswith("$"):
        raise ValueError(path)
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise ValueError(path)
        steps.append(match[1] if match[1] is not None else int(match[2]))
        at = match.end()

    def read(value: Any) -> Any:
        for step in steps:
            named = isinstance(step, str) and isinstance(value, dict) and step in value
            counted = isinstance(step, int) and isinstance(value, list) and step < len(value)
            if not named and not counted:
                return MISSING
            value = value[step]
        return value

    return read
