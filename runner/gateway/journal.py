"""The journal of finished invocations: each tick's records reach the disk in one write before that tick's
answers leave (architecture 8.6). Owns its segment files; knows nothing of Redis or HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from functions.records import InvocationRecord, encode

HEADER = Struct(">II")  # length of the JSON list that follows, and its CRC-32
MB = 1024 * 1024
log = logging.getLogger("functory.journal")


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two frames of a segment."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Some frames as one JSON list of records, and where the next batch starts."""

    data: bytes
    after: Position


def frame(data: bytes) -> bytes:
    """One write's worth of records, framed."""
    return HEADER.pack(len(data), zlib.crc32(data)) + data


def split_frames(raw: bytes) -> tuple[list[bytes], int]:
    """The whole, intact frames at the start of `raw`, and how many bytes they take. What a crash tore or the
    disk damaged ends the list."""
    found: list[bytes] = []
    offset = 0
    while offset + HEADER.size <= len(raw):
        length, checksum = HEADER.unpack_from(raw, offset)
        end = offset + HEADER.size + length
        data = raw[offset + HEADER.size : end]
        if end > len(raw) or zlib.crc32(data) != checksum:
            break
        found.append(data)
        offset = end
    return found, offset


def merge(lists: list[bytes]) -> bytes:
    """JSON lists as one JSON list, without parsing them."""
    return lists[0] if len(lists) == 1 else b"[" + b",".join([one[1:-1] for one in lists]) + b"]"


def unwritten(reason: str) -> str:
    """The sentence for people."""
    return f"Records of calls cannot be written: {reason}. They wait in memory, as many as it holds."


class Journal:
    """Appends records and reads them back for shipping. `backlog` is bytes written and not yet shipped."""

    def __init__(
        self,
        directory: Path,
        loop: asyncio.AbstractEventLoop,
        *,
        segment_bytes: int = 8 * MB,
        backlog_bytes: int = 2048 * MB,
        memory_bytes: int = 16 * MB,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._directory = directory
        self._loop = loop
        self._segment_bytes = segment_bytes
        self._backlog_bytes = backlog_bytes
        self._memory_bytes = memory_bytes
        self._records: list[InvocationRecord] = []
        self._answers: list[Callable[[], None]] = []
        self._unwritten: deque[bytes] = deque()
        self._unwritten_bytes = 0
        self._segments = sorted(int(path.stem) for path in directory.glob("*.log") if path.stem.isdigit())
        self.backlog = sum(self._path(number).stat().st_size for number in self._segments)
        self.lost = 0
        self.trouble = ""
        self.grown = asyncio.Event()
        if self.backlog:
            self.grown.set()
        self._open((self._segments[-1] if self._segments else 0) + 1)
        self._reader = Position(self._segments[0], 0)

    def _path(self, number: int) -> Path:
        return self._directory / f"{number}.log"

    def _open(self, number: int) -> None:
        """Write to a new segment from now on; raises OSError and changes nothing."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path(number), flags, 0o640)
        self._number = number
        self._segments.append(number)
        self._size = 0

    def add(self, record: InvocationRecord, answer: Callable[[], None] | None = None) -> None:
        """Note a record; `answer` is called in this loop tick, after the write that holds the record."""
        if not self._records:
            self._loop.call_soon(self.flush)
        self._records.append(record)
        if answer is not None:
            self._answers.append(answer)

    def flush(self) -> None:
        """Write what was noted, then let its answers go."""
        records, self._records = self._records, []
        answers, self._answers = self._answers, []
        if records:
            self._write(frame(encode(records)), len(records))
        for answer in answers:
            try:
                answer()
            except Exception:  # one broken answer must not keep back the others
                log.exception("an answer could not be sent")

    def _write(self, data: bytes, records: int) -> None:
        blob = b"".join([*self._unwritten, data]) if self._unwritten else data
        if self.backlog + len(blob) > self._backlog_bytes or not self._append(blob):
            self._keep(data, records)
            return
        self._unwritten.clear()
        self._unwritten_bytes = 0
        self.trouble = ""
        self.backlog += len(blob)
        if self._size >= self._segment_bytes:
            full = self._descriptor
            with contextlib.suppress(OSError):  # no room for another file: this one goes on
                self._open(self._number + 1)
                os.close(full)
        self.grown.set()

    def _append(self, data: bytes) -> bool:
        try:
            written = os.write(self._descriptor, data)
            if written == len(data):
                self._size += written
                return True
            os.ftruncate(self._descriptor, self._size)  # a half-written frame would hide all that follow
            self.trouble = unwritten(os.strerror(errno.ENOSPC))
        except OSError as error:
            self.trouble = unwritten(error.strerror or str(error))
        return False

    def _keep(self, data: bytes, records: int) -> None:
        """The disk refuses: hold records in memory, as many as fit, and count those that do not."""
        self.trouble = self.trouble or unwritten("too many of them wait for Redis")
        if self._unwritten_bytes + len(data) > self._memory_bytes:
            if not self.lost:
                log.error("invocation records are being lost. %s", self.trouble)
            self.lost += records
            return
        self._unwritten.append(data)
        self._unwritten_bytes += len(data)

    def read(self, most: int = MB) -> Batch | None:
        """The next records to ship, about `most` bytes of them; None when there are none."""
        while True:
            with self._path(self._reader.segment).open("rb", buffering=0) as file:
                file.seek(self._reader.offset)
                frames, length = self._whole_frames(file.read(most) or b"", most)
            if frames:
                after = Position(self._reader.segment, self._reader.offset + length)
                return Batch(merge(frames), after)
            if self._reader.segment == self._number:
                self.grown.clear()
                return None
            self._next_segment()

    def _whole_frames(self, raw: bytes, most: int) -> tuple[list[bytes], int]:
        frames, length = split_frames(raw)
        if frames or len(raw) < max(most, HEADER.size):
            return frames, length
        # One frame larger than the window: read exactly that one.
        needed = HEADER.size + HEADER.unpack_from(raw)[0]
        if needed > 1024 * MB:
            return [], 0
        with self._path(self._reader.segment).open("rb", buffering=0) as file:
            file.seek(self._reader.offset)
            return split_frames(file.read(needed) or b"")

    def _next_segment(self) -> None:
        """Go on behind a segment that was shipped, or whose rest is damaged."""
        done = self._reader.segment
        rest = self._path(done).stat().st_size - self._reader.offset
        if rest:
            log.warning("journal segment %d: %d bytes at its end were torn by a crash", done, rest)
            self.backlog -= rest
        self._path(done).unlink()
        self._segments.remove(done)
        self._reader = Position(self._segments[0], 0)

    def shipped(self, batch: Batch) -> None:
        """The batch is safe elsewhere: go on behind it; a finished segment is deleted."""
        self.backlog -= batch.after.offset - self._reader.offset
        self._reader = batch.after
        segment = self._reader.segment
        if segment != self._number and self._path(segment).stat().st_size == self._reader.offset:
            self._next_segment()

    def close(self) -> None:
        """Write what is noted and close; a segment whose records are all shipped is deleted."""
        self.flush()
        os.close(self._descriptor)
        if self._reader == Position(self._number, self._size):
            self._path(self._number).unlink(missing_ok=True)
