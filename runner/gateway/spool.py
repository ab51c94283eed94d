"""Bodies that are too large to be held: written to a file without a name while they come, and read from there.
Knows no request."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, cast

BLOCK = 256 * 1024


class Spool:
    """One body on its way in, with what the reader asks of a list of its pieces. Nothing is left of it on the disk,
    however the process ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - it is closed by `clear`
        self._file: BinaryIO | None = cast(BinaryIO, file)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, chunk: bytes) -> None:
        """Write on; raises OSError when there is no room. What comes after it was cleared is dropped."""
        if self._file is None:
            return
        rest = memoryview(chunk)
        while rest:  # a disk that is nearly full takes less than all of it
            rest = rest[self._file.write(rest) :]
        self._size += len(chunk)

    def clear(self) -> None:
        """It is not wanted any more."""
        if self._file is not None:
            self._file.close()
        self._file, self._size = None, 0

    def mapped(self) -> mmap.mmap:
        """All of it, to be read only; it goes with the map."""
        assert self._file is not None
        found = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self.clear()
        return found


async def blocks(spooled: mmap.mmap) -> AsyncIterator[bytes]:
    """A body in pieces."""
    for start in range(0, len(spooled), BLOCK):
        yield spooled[start : start + BLOCK]
