"""The names of all packages of Python's index, kept in one sorted file that a job writes now and then, and looked
through. Knows no index."""

from __future__ import annotations

import mmap
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from pathlib import Path

MOST_FOUND = 12
KEPT_S = 7 * 86_400
_MOST_BEGINNING = 100_000  # names that begin with what was typed; 20 ms
_MOST_HOLDING = 2000
_SHORTEST_WITHIN = 3  # letters that are looked for within names, too


def names_file(home: Path) -> Path:
    """Where the names lie: a line each, a newline before the first, too."""
    return home / "indexes" / "python-names.txt"


def is_stale(path: Path) -> bool:
    """Whether the names are to be fetched anew."""
    try:
        return time.time() - path.stat().st_mtime > KEPT_S
    except FileNotFoundError:
        return True


def write_names(path: Path, names: Iterable[str]) -> int:
    """Put names in the place of those that are there; returns how many there are now."""
    known = sorted({canonical(name) for name in names} - {""})
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(b"\n" + "\n".join(known).encode() + b"\n")
    draft.chmod(0o644)
    draft.replace(path)
    return len(known)


def search(path: Path, text: str) -> list[str]:
    """Names for what was typed: the same one, then those that begin so, then the shortest that hold it. None where
    there is no file. Nobody says here how much a package is used; but the more it is, the more others are named
    after it, and those with the largest family come first."""
    wanted = canonical(text).encode()
    if not wanted:
        return []
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            found = _beginning(lines, wanted)
            if len(found) < MOST_FOUND and len(wanted) >= _SHORTEST_WITHIN:
                found += [name for name in _holding(lines, wanted) if name not in found]
    except (FileNotFoundError, ValueError):  # an empty file cannot be mapped
        return []
    return [name.decode() for name in found[:MOST_FOUND]]


def canonical(name: str) -> str:
    """A name as the index compares it (https://peps.python.org/pep-0503/#normalized-names)."""
    return re.sub(r"[-_.]+", "-", name.strip().lower())


def _beginning(lines: mmap.mmap, wanted: bytes) -> list[bytes]:
    """Those are neighbours, since the file is sorted."""
    start = lines.find(b"\n" + wanted)
    if start < 0:
        return []
    lines.seek(start + 1)
    found: list[bytes] = []
    families: Counter[bytes] = Counter()
    while len(found) < _MOST_BEGINNING and (line := lines.readline().rstrip(b"\n")).startswith(wanted):
        found.append(line)
        families[line.partition(b"-")[0]] += 1
    return nsmallest(
        MOST_FOUND, found, key=lambda name: (name != wanted, -families[name], _shortest_first(name))
    )


def _holding(lines: mmap.mmap, wanted: bytes) -> list[bytes]:
    return sorted(set(_each_holding(lines, wanted)), key=_shortest_first)


def _each_holding(lines: mmap.mmap, wanted: bytes) -> Iterator[bytes]:
    at = lines.find(wanted)
    for _ in range(_MOST_HOLDING):
        if at < 0:
            return
        end = lines.find(b"\n", at)
        yield bytes(lines[lines.rfind(b"\n", 0, at) + 1 : end])
        at = lines.find(wanted, end)


def _shortest_first(name: bytes) -> tuple[int, bytes]:
    return (len(name), name)
