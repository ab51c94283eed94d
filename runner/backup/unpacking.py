"""Takes an archive apart into a folder: files, folders and links that stay inside, with the permissions that they had
(code is sealed with them) and no owners. Debian 12's Python has no filter for this yet."""

from __future__ import annotations

import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from runner.backup.errors import BackupError

_MODE = 0o755  # nothing set-user-id, nothing that others may write


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """All of it; raises BackupError for what is damaged, does not fit, or points outside."""
    folder = folder.resolve()
    modes: list[tuple[Path, int]] = []
    try:
        for entry in archive:
            path = _inside(folder, entry.name)
            if entry.isdir():
                path.mkdir(parents=True, exist_ok=True)
                modes.append((path, entry.mode & _MODE))
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                _put(archive, entry, path, folder)
        for path, mode in reversed(modes):  # last, and from within: a sealed folder takes no files
            path.chmod(mode)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise BackupError(
            f"The backup is damaged or does not fit here: {error}. Nothing was changed."
        ) from error


def _put(archive: tarfile.TarFile, entry: tarfile.TarInfo, path: Path, folder: Path) -> None:
    if entry.islnk():
        os.link(_inside(folder, entry.linkname), path, follow_symlinks=False)
    elif entry.issym():
        _inside(
            folder, str(PurePosixPath(os.path.normpath(PurePosixPath(entry.name).parent / entry.linkname)))
        )
        path.symlink_to(entry.linkname)
    elif entry.isreg():
        content = archive.extractfile(entry)
        assert content is not None
        with content, path.open("xb") as file:
            shutil.copyfileobj(content, file, 1024 * 1024)
        path.chmod(entry.mode & _MODE)
    else:
        raise BackupError(f"{entry.name} is no file, folder or link: this is no backup of Functory.")


def _inside(folder: Path, name: str) -> Path:
    """Where a name lies; raises BackupError if that is not in the folder, also by way of a link that came before."""
    parts = PurePosixPath(name)
    path = folder / parts
    if parts.is_absolute() or ".." in parts.parts or not path.parent.resolve().is_relative_to(folder):
        raise BackupError(f"{name} points out of the backup: it is not restored.")
    return path
