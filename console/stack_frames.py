"""Stack traces as lines that know their place in the function's code. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PYTHON = re.compile(r'File "/var/task/(?P<path>[^"]+)", line (?P<line>\d+)')
_NODE = re.compile(r"(?:file://)?/var/task/(?P<path>[^\s():]+):(?P<line>\d+)(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of a stack; `path` and `line` are set where it lies in the function's own files."""

    text: str
    path: str = ""
    line: int = 0


def frames(stack: Iterable[str]) -> list[Frame]:
    """The lines of a stack as its runtime wrote it."""
    return [_frame(text) for entry in stack for text in entry.rstrip("\n").split("\n") if text.strip()]


def innermost(found: Iterable[Frame], *, language: str) -> Frame | None:
    """The function's own line where the error arose: Python writes it last, Node.js first."""
    own = [frame for frame in found if frame.path and not frame.path.startswith("node_modules/")]
    if not own:
        return None
    return own[-1] if language == "python" else own[0]


def _frame(text: str) -> Frame:
    place = _PYTHON.search(text) or _NODE.search(text)
    return Frame(text, place["path"], int(place["line"])) if place else Frame(text)
