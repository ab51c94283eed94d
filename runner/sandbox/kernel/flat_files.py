"""The few ways in which kernel control files are read and written: a number, a table of numbers, a word."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write one word with one call, as control files want it, never creating a file; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def read_number(path: Path) -> int:
    """The one number in a file; raises OSError."""
    return int(path.read_text())


def parse_numbers(text: str) -> dict[str, int]:
    """`key number` lines as a dictionary."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


class ControlFile:
    """A control file that is used at every call, so kept open: 1 microsecond instead of 20. It is opened at
    its first use, since most sandboxes wait long before it."""

    def __init__(self, path: Path, flags: int) -> None:
        self._path, self._flags = path, flags
        self._descriptor = -1

    def read(self) -> bytes:
        """All of it; raises OSError."""
        return os.pread(self._opened(), 8192, 0)

    def number(self) -> int:
        """The one number in it; raises OSError."""
        descriptor = self._descriptor if self._descriptor >= 0 else self._opened()
        return int(os.pread(descriptor, 32, 0))

    def write(self, word: bytes) -> None:
        """One word; raises OSError."""
        os.pwrite(self._opened(), word, 0)

    def close(self) -> None:
        """Free the descriptor; a later use opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _opened(self) -> int:
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, self._flags | os.O_CLOEXEC)
        return self._descriptor


def file_cache(memory_stat: bytes) -> int:
    """Bytes of file cache in a memory.stat: the two lists that the kernel can drop. tmpfs is not in them."""
    return _line_number(memory_stat, b"\ninactive_file ") + _line_number(memory_stat, b"\nactive_file ")


def _line_number(text: bytes, key: bytes) -> int:
    start = text.find(key)
    if start < 0:
        return 0
    start += len(key)
    return int(text[start : text.find(b"\n", start)])
