"""What a linter found, in the editor's terms: lines from 1, columns from 1 in UTF-16 units, as browsers count.
Pure: turns the bytes and characters that tools count into those."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
MOST_PROBLEMS = 500  # of one check: nobody reads more
_LINE_END = re.compile(r"\r\n?|\n")
_BYTES_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Edit:
    """A text in place of a part of the file."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What a linter would do about a problem without changing what the code does."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of one file. `code` and `url` are the rule's name and page, "" if it has none."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    severity: Severity
    code: str
    message: str
    url: str = ""
    fix: Fix | None = None


class Text:
    """A file's text, to look positions up in."""

    def __init__(self, text: str) -> None:
        self._lines = _LINE_END.split(text)
        self._bytes = text.encode("utf-8", "replace")
        self._starts = [0, *(end.end() for end in _BYTES_END.finditer(self._bytes))]

    def column(self, line: int, characters: int) -> int:
        """The column after so many characters (code points) of a line."""
        content = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        return _units(content[:characters]) + 1

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a byte of the text in UTF-8."""
        line = bisect_right(self._starts, offset)
        before = self._bytes[self._starts[line - 1] : offset]
        return line, _units(before.decode(errors="ignore")) + 1


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
