"""Restores a backup into an empty place: all of it, or nothing that counts."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from django.core.management import call_command

from functions.config import Config
from runner.backup import databases
from runner.backup.errors import BackupError
from runner.backup.seal import unseal
from runner.backup.streams import Waiting, store_waiting
from runner.backup.unpacking import unpack
from runner.backup.writing import CONTROL, FOLDERS, FORMAT, KEYS, MANIFEST, TELEMETRY, WAITING, Manifest
from runner.supervisor.accounts import Account
from runner.supervisor.home import give_all

FOLDERS_BACK = (*FOLDERS, "journal")


def restore(
    config: Config, source: Path, passphrase: str, account: Account, say: Callable[[str], None]
) -> None:
    """Everything of `source` into the home, which holds no installation yet, brought to this version's tables.
    `passphrase` is "" to leave the keys that are there. Raises BackupError."""
    with _opened(source) as archive:
        manifest = _manifest(archive)
        _check(config, manifest, passphrase)
        with tempfile.TemporaryDirectory(dir=config.home, prefix="restore-") as name:
            folder = Path(name)
            unpack(archive, folder)
            keys = unseal((folder / KEYS).read_bytes(), passphrase) if passphrase else b""
            waiting = msgspec.msgpack.decode((folder / WAITING).read_bytes(), type=Waiting)
            _put_files(config.home, folder, account)
            if keys:
                _put_keys(config, keys)
            databases.load(config.database_url, config.home / "control.sqlite3", folder / CONTROL)
            databases.load(
                config.telemetry_database_url, config.home / "telemetry.sqlite3", folder / TELEMETRY
            )
    say(f"Restored what version {manifest.functory} had at {manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    for database in ("default", "telemetry"):
        call_command("migrate", database=database, interactive=False, verbosity=0)
    events, records = store_waiting(waiting)
    say(f"{events:,} events and {records:,} records that were under way are rows now.")


def has_keys(source: Path) -> bool:
    """Whether a backup holds its keys; raises BackupError."""
    with _opened(source) as archive:
        return _manifest(archive).has_keys


def _manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.name == MANIFEST else None
    if content is None:
        raise BackupError("This is no backup of Functory.")
    manifest = msgspec.json.decode(content.read(), type=Manifest)
    if manifest.format > FORMAT:
        raise BackupError(
            f"A newer Functory ({manifest.functory}) made this backup: restore it with that one."
        )
    return manifest


def _check(config: Config, manifest: Manifest, passphrase: str) -> None:
    for url, path, kind in (
        (config.database_url, config.home / "control.sqlite3", manifest.control),
        (config.telemetry_database_url, config.home / "telemetry.sqlite3", manifest.telemetry),
    ):
        if databases.kind(url) != kind:
            raise BackupError(
                f"The backup is of {kind}, and this installation is set to use {databases.kind(url)}."
            )
        if not databases.is_empty(url, path):
            raise BackupError(
                f"There is an installation in {url or path} already. A backup is restored into an empty place: "
                "choose another with FUNCTORY_HOME (or DATABASE_URL), or move this one away."
            )
    if manifest.has_keys and not passphrase:
        raise BackupError(
            "The backup's keys open with the passphrase that it was made with: it is needed here."
        )
    if passphrase and not manifest.has_keys:
        raise BackupError(
            "The backup was made without its keys: put the installation's keys/ folder in the home."
        )


def _put_files(home: Path, folder: Path, account: Account) -> None:
    for name in FOLDERS_BACK:
        found, place = folder / name, home / name
        if not found.is_dir():
            continue
        place.mkdir(parents=True, exist_ok=True)
        for each in found.iterdir():
            if (place / each.name).exists():
                raise BackupError(f"{place} is not empty: restore into an empty place.")
            each.rename(place / each.name)
    give_all(home / "objects", account)


def _put_keys(config: Config, keys: bytes) -> None:
    config.keys.mkdir(parents=True, exist_ok=True, mode=0o750)
    for name, content in msgspec.msgpack.decode(keys, type=dict[str, bytes]).items():
        path = config.keys / Path(name).name
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def _opened(source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(source, "r:gz")
    except (OSError, tarfile.TarError, EOFError) as error:
        raise BackupError(f"{source} cannot be read as a backup: {error}") from error
