"""Writes a backup: one compressed archive that holds everything an installation cannot make again."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import redis

from functions.config import Config
from runner.backup import databases
from runner.backup.errors import BackupError
from runner.backup.seal import seal
from runner.backup.streams import Waiting, read_waiting

FORMAT = 1
MANIFEST, WAITING, KEYS = "manifest.json", "waiting.msgpack", "keys.sealed"
CONTROL, TELEMETRY = "control.database", "telemetry.database"
# Content-addressed, or written once under a new name: copied while Functory runs, they are whole. Uploads under way
# and unpacked drafts are not of the installation yet.
FOLDERS = ("artifacts", "objects")
LEFT_OUT = ("artifacts/uploads",)


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself; first in the archive."""

    format: int
    functory: str
    made_at: datetime
    control: str
    telemetry: str
    has_keys: bool


def back_up(
    config: Config, client: redis.Redis | None, target: Path, passphrase: str, say: Callable[[str], None]
) -> None:
    """Everything into `target`, which must not exist and exists only once it is whole. An empty passphrase leaves
    the keys out, no client what waits in Redis. Raises BackupError."""
    if target.exists():
        raise BackupError(f"{target} exists already.")
    manifest = Manifest(
        FORMAT,
        release(),
        datetime.now(UTC),
        databases.kind(config.database_url),
        databases.kind(config.telemetry_database_url),
        bool(passphrase),
    )
    with (
        _whole(target) as draft,
        tempfile.TemporaryDirectory(dir=config.home, prefix="backup-") as folder,
        tarfile.open(draft, "w:gz", compresslevel=3) as archive,
    ):
        _add(archive, MANIFEST, msgspec.json.encode(manifest))
        if passphrase:
            _add(archive, KEYS, seal(_keys(config), passphrase))
        # In the direction in which records travel, so that none slips between: journal, stream, database. What is
        # met twice has one id.
        _add_folder(archive, config.home, "journal", say)
        waiting = read_waiting(client) if client is not None else Waiting([], [])
        _add(archive, WAITING, msgspec.msgpack.encode(waiting))
        _add_databases(archive, config, Path(folder), say)
        # Files after the rows that name them: those come first into the world.
        for name in FOLDERS:
            _add_folder(archive, config.home, name, say)


def release() -> str:
    """The version that is installed."""
    try:
        return version("functory")
    except PackageNotFoundError:
        return "unknown"


def _add_databases(
    archive: tarfile.TarFile, config: Config, folder: Path, say: Callable[[str], None]
) -> None:
    for name, url, path in (
        (CONTROL, config.database_url, config.home / "control.sqlite3"),
        (TELEMETRY, config.telemetry_database_url, config.home / "telemetry.sqlite3"),
    ):
        copy = folder / name
        databases.dump(url, path, copy)
        archive.add(copy, name)
        say(f"{name}: {copy.stat().st_size / 1e6:,.1f} MB")
        copy.unlink()


def _add_folder(archive: tarfile.TarFile, home: Path, name: str, say: Callable[[str], None]) -> None:
    """A folder as it is now; what housekeeping removes meanwhile is not missed."""
    files = 0
    for directory, folders, names in os.walk(home / name):
        place = Path(directory)
        folders[:] = [each for each in folders if str((place / each).relative_to(home)) not in LEFT_OUT]
        links = [each for each in folders if (place / each).is_symlink()]
        with contextlib.suppress(FileNotFoundError):
            archive.add(place, str(place.relative_to(home)), recursive=False)
        for each in (*names, *links):
            with contextlib.suppress(FileNotFoundError):
                archive.add(place / each, str((place / each).relative_to(home)), recursive=False)
                files += 1
    say(f"{name}: {files:,} files")


def _keys(config: Config) -> bytes:
    return msgspec.msgpack.encode(
        {path.name: path.read_bytes() for path in config.keys.iterdir() if path.is_file()}
    )


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A draft beside the target, for its owner alone, that takes its name once everything is on disk."""
    draft = target.with_name(f".{target.name}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.rename(target)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
