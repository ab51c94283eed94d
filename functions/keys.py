"""Key files of an installation: made on first use, readable by their owner and group only."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def read_or_create_key(path: Path) -> bytes:
    """The key stored at `path` (urlsafe text, 256 bits), made atomically if it does not exist yet."""
    if not path.exists():
        _create(path)
    return path.read_bytes().strip()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
    # Two processes may start at once: the first link wins and both read the same key.
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
