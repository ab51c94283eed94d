"""One open connection to each SQLite database while Functory runs. When the last one closes, SQLite deletes its
log and the log's index, and to open the database again needs space: on a full disk nothing could be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from functions.config import Config

RESERVE = 8 * 1024 * 1024


class OpenDatabases:
    """Holds them from `open` to `close`; no transaction stays open, so the log can be emptied as ever."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._held: list[sqlite3.Connection] = []

    def open(self, note: Callable[[str], None]) -> None:
        """Hold both, and see that logging in and small changes have room once the disk is full; `note` is told when
        they have not. Raises sqlite3.Error."""
        home = self._config.home
        if not self._config.database_url:
            control = self._hold(home / "control.sqlite3")
            try:
                reserve(control)
            except sqlite3.Error as error:
                note(f"Warning: no room is kept for logging in on a full disk: {error}.")
        if not self._config.telemetry_database_url:
            self._hold(home / "telemetry.sqlite3")

    def close(self) -> None:
        """Let go of them."""
        while self._held:
            self._held.pop().close()

    def _hold(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, timeout=20)
        self._held.append(connection)
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection


def reserve(connection: sqlite3.Connection) -> None:
    """Make the log as long as `RESERVE` and leave as much free inside the database. SQLite keeps both: it writes
    its log anew from the start, and new rows take free pages first. Raises sqlite3.Error."""
    connection.execute("DROP TABLE IF EXISTS functory_reserve")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE functory_reserve (filler BLOB)")
        connection.execute("INSERT INTO functory_reserve VALUES (zeroblob(?))", (RESERVE,))
    connection.execute("DROP TABLE functory_reserve")
    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
