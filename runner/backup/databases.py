"""One database as a file, of one moment while others write, and back again: SQLite by itself, PostgreSQL with its own
programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

from runner.backup.errors import BackupError

BUSY_S = 60.0
_NEWEST_FIRST = "/usr/lib/postgresql"


def dump(url: str, path: Path, target: Path) -> None:
    """Write the database that Functory uses (PostgreSQL's `url`, or SQLite's `path` when it is "") into `target`;
    raises BackupError."""
    if url:
        _run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--file={target}",
            f"--dbname={url}",
        )
        return
    if not path.exists():
        raise BackupError(f"There is no database at {path}: nothing was ever run there.")
    try:
        # All pages in one step, which is one read transaction: writers go on, and what they write meanwhile is not in
        # it. VACUUM INTO would want the functions that our constraints call.
        with (
            contextlib.closing(sqlite3.connect(path, timeout=BUSY_S)) as connection,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            connection.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"{path} could not be copied: {error}") from error


def is_empty(url: str, path: Path) -> bool:
    """Whether nothing of Functory is there yet; raises BackupError when that cannot be told."""
    if not url:
        return not path.exists()
    asked = _run("psql", "--no-psqlrc", "--tuples-only", f"--dbname={url}", "--command",
                 "SELECT to_regclass('django_migrations')")  # fmt: skip
    return not asked.strip()


def load(url: str, path: Path, source: Path) -> None:
    """Put a dump where Functory will look for it; raises BackupError."""
    if url:
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={url}", str(source))
        return
    shutil.move(source, path)


def kind(url: str) -> str:
    """What wrote a dump, which only the same can read."""
    return "postgresql" if url else "sqlite"


def _run(name: str, *arguments: str) -> str:
    program = _program(name)
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{name} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _program(name: str) -> str:
    """The newest installed one: an older pg_dump refuses a newer server."""
    found: Sequence[Path] = sorted(
        Path(_NEWEST_FIRST).glob(f"*/bin/{name}"), key=lambda each: int(each.parts[4]), reverse=True
    )
    program = next((str(each) for each in found if os.access(each, os.X_OK)), None) or shutil.which(name)
    if program is None:
        raise BackupError(
            f"{name} is not installed, and PostgreSQL is backed up with it: apt-get install postgresql-client"
        )
    return program
