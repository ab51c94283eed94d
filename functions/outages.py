"""What fails underneath, in words for people and programs: a full disk, and a Redis that does not answer. The one
place where the libraries' errors become refusals. Knows no request and no row."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from functions.errors import DiskFull, ServiceUnavailable

# The smallest write of SQLite or Redis takes some pages, so that a few free ones help nobody.
NEARLY_NOTHING = 64 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_STATE = "53100"  # PostgreSQL's disk_full
_FULL_WORDS = ("database or disk is full", "No space left on device", "Disk quota exceeded")
# SQLite says no more than this where the disk has no room for its log's index.
_VAGUE_WORDS = ("disk I/O error", "unable to open database file")


def full_disk(error: BaseException | None, home: Path) -> DiskFull | None:
    """The refusal that an error stands for, if a full disk is behind it."""
    chain = list(causes(error))
    if any(_says_full(one) for one in chain):
        return disk_full(home)
    if any(word in str(one) for one in chain for word in _VAGUE_WORDS) and disk_is_full(home):
        return disk_full(home)
    return None


def redis_outage(error: Exception, home: Path | None) -> ServiceUnavailable:
    """Why Redis took nothing. `home` holds the embedded one's log: it ends when that cannot be written, so that
    all one sees is a server that is not there. None for a Redis of somebody else's."""
    if home is not None and (full_disk(error, home) or disk_is_full(home)):
        return disk_full(home)
    remedy = (
        "Start it, or correct REDIS_URL."
        if home is None
        else "The terminal that runs `make up` says why; it is started again by itself."
    )
    return ServiceUnavailable(
        "Redis does not answer. Functions go on answering and their records are kept; events are refused and "
        f"deploys wait until it does. {remedy}"
    )


def disk_full(home: Path) -> DiskFull:
    """Cause, consequence and next step."""
    return DiskFull(
        f"The disk of `{home}` is full: nothing was stored. What was saved before is safe, and functions that are "
        f"deployed go on answering. Free some space (`df -h {home}` shows how much there is), then try again."
    )


def require_room(home: Path) -> None:
    """Raises DiskFull before something is begun that would only fail, or wait unseen, on a full disk."""
    if disk_is_full(home):
        raise disk_full(home)


def disk_is_full(place: Path) -> bool:
    """Whether next to nothing can be written there: no bytes, or no files, are left."""
    try:
        state = os.statvfs(place)
    except OSError:
        return False
    return state.f_bavail * state.f_frsize < NEARLY_NOTHING or (state.f_files > 0 and state.f_favail == 0)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if getattr(error, "sqlstate", None) == _FULL_STATE:
        return True
    return any(word in str(error) for word in _FULL_WORDS)
