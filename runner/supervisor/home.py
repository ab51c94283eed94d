"""Who owns what below the home directory: the table, and making it true. Root owns all that decides what root
runs; the account owns what web, recorder and scheduler write."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from functions.config import Config
from functions.keys import read_or_create_key
from runner.supervisor.accounts import Account


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory of the home. Every entry's group is the account's; `owned` says whether it is the
    account's own. Directories: sticky (1000), so that nobody removes another's files, and set-group-id (2000),
    so that what root makes in them stays readable to the account."""

    path: str
    mode: int
    owned: bool = False
    is_file: bool = False
    if_exists: bool = False


TABLE = (
    Entry("", 0o3770),
    Entry("run", 0o3770),
    Entry("keys", 0o2750),
    Entry("keys/django", 0o640, is_file=True),
    Entry("keys/master", 0o640, is_file=True),
    Entry("keys/relay", 0o640, is_file=True),
    Entry("control.sqlite3", 0o660, owned=True, is_file=True),
    Entry("control.sqlite3-wal", 0o660, owned=True, is_file=True, if_exists=True),
    Entry("control.sqlite3-shm", 0o660, owned=True, is_file=True, if_exists=True),
    Entry("telemetry.sqlite3", 0o660, owned=True, is_file=True),
    Entry("telemetry.sqlite3-wal", 0o660, owned=True, is_file=True, if_exists=True),
    Entry("telemetry.sqlite3-shm", 0o660, owned=True, is_file=True, if_exists=True),
    Entry("redis", 0o700, owned=True),
    Entry("static", 0o2755),
    Entry("artifacts", 0o2755),
    Entry("artifacts/uploads", 0o2770, owned=True),
    Entry("objects", 0o700, owned=True),
    Entry("journal", 0o2750),
    Entry("log", 0o2750),
    Entry("bin", 0o755),
    Entry("indexes", 0o755),
)


def prepare_home(config: Config, account: Account) -> None:
    """Make what is missing and set owners and modes; raises OSError."""
    config.home.mkdir(parents=True, exist_ok=True)
    for key in ("django", "master", "relay"):
        read_or_create_key(config.keys / key)
    for entry in TABLE:
        if entry.path.endswith(".sqlite3") and not _uses_sqlite(config, entry.path):
            continue
        _apply(config.home / entry.path, entry, account)


def _uses_sqlite(config: Config, name: str) -> bool:
    return not (config.telemetry_database_url if name.startswith("telemetry") else config.database_url)


def _apply(path: Path, entry: Entry, account: Account) -> None:
    """Through a descriptor that no symbolic link was followed to: the account may put links into the home."""
    if entry.if_exists and not path.exists():
        return
    descriptor = _open(path, entry)
    try:
        if account.is_separate and account.gid is not None:
            os.fchown(descriptor, account.uid if entry.owned and account.uid is not None else 0, account.gid)
            if entry.path == "redis":
                give_all(path, account)
        os.fchmod(descriptor, entry.mode)
    finally:
        os.close(descriptor)


def _open(path: Path, entry: Entry) -> int:
    if entry.is_file:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, entry.mode)
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def give_all(folder: Path, account: Account) -> None:
    """A folder with all in it, as root has left it: Redis' files of a home that was first used without the account,
    and what a backup brought back. Nothing where the account is not separate."""
    if account.uid is None or account.gid is None:
        return
    for directory, _, files in os.walk(folder):
        for found in (directory, *(f"{directory}/{name}" for name in files)):
            os.chown(found, account.uid, account.gid, follow_symlinks=False)
