"""Where the bytes of objects lie: files named by id under the home, written whole or not at all. Knows no bucket
and no key."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from functions.ids import new_id

BLOCK = 256 * 1024
UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Written:
    """A file that lies there for good. `md5` is in hex; `sums` are base64, by S3's name (CRC32, SHA1, SHA256)."""

    name: str
    size: int
    md5: str
    sums: dict[str, str]


class Slice(NamedTuple):
    """A part of a file, in bytes."""

    name: str
    start: int
    length: int


class ObjectFiles:
    """The files of all buckets below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, pieces: Iterable[bytes], sums: frozenset[str] = frozenset()) -> Written:
        """A new file; after a failure there is none. Raises OSError, and whatever `pieces` raises."""
        name = new_id().hex
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(UNFINISHED)
        try:
            with unfinished.open("xb") as file:
                size, hashed = _copy(pieces, file, sums)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(path.parent)
        return Written(name, size, hashed.pop("MD5"), hashed)

    def copy(self, name: str) -> str:
        """A second name for the same bytes, which costs none; raises FileNotFoundError when they are gone."""
        copied = new_id().hex
        path = self._path(copied)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(self._path(name), path)
        _sync(path.parent)
        return copied

    def read(self, slices: Sequence[Slice]) -> Iterator[bytes]:
        """The bytes of slices, one after the other, in blocks. The first file is opened at once: raises
        FileNotFoundError when it is gone."""
        first = self._path(slices[0].name).open("rb") if slices else None
        return self._read(slices, first)

    def _read(self, slices: Sequence[Slice], first: BinaryIO | None) -> Iterator[bytes]:
        for one in slices:
            with first or self._path(one.name).open("rb") as file:
                first = None
                file.seek(one.start)
                left = one.length
                while left and (block := file.read(min(BLOCK, left))):
                    left -= len(block)
                    yield block

    def written_before(self, moment: datetime) -> Iterator[str]:
        """The names of files, unfinished ones too, that have been what they are since before that moment. By the
        time of the inode's change: a copy is as old as itself, and not as what it was made of."""
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ctime < moment.timestamp():
                    yield path.name

    def remove(self, names: Iterable[str]) -> None:
        """Gone; one that is not there is no fault."""
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                self._path(name).unlink()

    def _path(self, name: str) -> Path:
        # The end of an id is random, its beginning is time.
        return self._folder / name.removesuffix(UNFINISHED)[-2:] / name


def slices_of(pieces: Sequence[tuple[str, int]], start: int, length: int) -> list[Slice]:
    """What `length` bytes from `start` are of files (name, size) that follow each other."""
    found, at, end = [], 0, start + length
    for name, size in pieces:
        first, last = max(start, at), min(end, at + size)
        if first < last:
            found.append(Slice(name, first - at, last - first))
        at += size
    return found


def _copy(pieces: Iterable[bytes], file: BinaryIO, sums: frozenset[str]) -> tuple[int, dict[str, str]]:
    size, crc = 0, 0
    md5 = hashlib.md5(usedforsecurity=False)
    others = {name: hashlib.new(name) for name in sums if name != "CRC32"}
    for piece in pieces:
        file.write(piece)
        size += len(piece)
        md5.update(piece)
        for other in others.values():
            other.update(piece)
        if "CRC32" in sums:
            crc = zlib.crc32(piece, crc)
    found = {name: base64.b64encode(other.digest()).decode() for name, other in others.items()}
    if "CRC32" in sums:
        found["CRC32"] = base64.b64encode(crc.to_bytes(4, "big")).decode()
    return size, {"MD5": md5.hexdigest(), **found}


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
