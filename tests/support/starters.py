"""What a starter says of the answer to its event, held against an answer."""

from __future__ import annotations

from typing import Any


def holds(answer: Any, expected: Any) -> bool:
    """Whether an answer holds what is expected of it: an object has to have those members, which may be part of
    its own; anything else has to be the same."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        return all(name in answer and holds(answer[name], part) for name, part in expected.items())
    return bool(answer == expected)
