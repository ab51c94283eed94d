"""How long work is shown: one line per step, alive on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

_WIDTH = 100
_TICK_S = 0.2


class Progress(Protocol):
    """What a long piece of work tells while it goes."""

    def note(self, text: str) -> None:
        """A fact worth a line of its own."""
        ...

    def detail(self, text: str) -> None:
        """What the current step is doing; may be overwritten or dropped."""
        ...

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step with a name; its elapsed time is shown at the end."""
        ...


class LineProgress:
    """Plain lines, for logs."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def note(self, text: str) -> None:
        """One line."""
        print(text, file=self._stream, flush=True)

    def detail(self, text: str) -> None:
        """Dropped: a log of a build has hundreds of them."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A line at the start and one at the end."""
        began = time.monotonic()
        self.note(f"  … {name}")
        try:
            yield
        except BaseException:
            self.note(f"  ✗ {name} ({time.monotonic() - began:.1f} s)")
            raise
        self.note(f"  ✓ {name} ({time.monotonic() - began:.1f} s)")


class TerminalProgress:
    """One line that is rewritten five times a second with the elapsed time and the latest detail."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._detail = ""

    def note(self, text: str) -> None:
        """One line that stays."""
        self._write(f"\r\x1b[K{text}\n")

    def detail(self, text: str) -> None:
        """Shown behind the step's name until the next one."""
        self._detail = text.strip()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A live line, and a line that stays at the end."""
        began, ended, self._detail = time.monotonic(), threading.Event(), ""
        ticker = threading.Thread(target=self._tick, args=(name, began, ended), daemon=True)
        ticker.start()
        mark = "✗"
        try:
            yield
            mark = "✓"
        finally:
            ended.set()
            ticker.join()
            self.note(f"  {mark} {name} ({time.monotonic() - began:.1f} s)")

    def _tick(self, name: str, began: float, ended: threading.Event) -> None:
        while not ended.wait(_TICK_S):
            line = f"  … {name} {time.monotonic() - began:5.1f} s  {self._detail}"
            self._write(f"\r\x1b[K{line[:_WIDTH]}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def progress_for(stream: TextIO | None = None) -> Progress:
    """The kind that fits the stream."""
    stream = stream or sys.stdout
    return TerminalProgress(stream) if stream.isatty() else LineProgress(stream)
