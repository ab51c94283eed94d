"""The children's output as prefixed lines in one stream. Pure but for the colour's decision."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
_LONGEST = 64 * 1024


class LineCutter:
    """Cuts a stream of bytes into lines; the rest waits for more."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that are complete now. One that grows without end is given in pieces."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _LONGEST:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def end(self) -> list[str]:
        """What was left without a line's end."""
        rest, self._rest = self._rest, b""
        return [rest.decode(errors="replace")] if rest else []


class PrefixedOutput:
    """Writes lines under a name, in a colour of its own on a terminal."""

    def __init__(self, stream: TextIO, names: list[str], *, colour: bool) -> None:
        self._stream = stream
        self._width = max(map(len, [*names, "up"]))
        self._numbers = {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(names)}
        self._colour = colour

    def write(self, name: str, line: str) -> None:
        """One line; a reader that has gone away does not stop what it watched."""
        prefix = f"{name:<{self._width}} │ "
        if self._colour:
            prefix = f"\x1b[{self._numbers.get(name, 1)}m{prefix}\x1b[0m"
        try:
            self._stream.write(f"{prefix}{line}\n")
            self._stream.flush()
        except OSError:
            self._stream = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for the rest of the run


def wants_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """On a terminal, unless told otherwise (https://no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
