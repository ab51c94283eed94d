"""The rules of a deployment package: what a zip may hold, and the deterministic zip of the editor's files.
Reads and makes bytes, never touches the disk. Everything in a zip is taken for hostile."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from functions.errors import InvalidZipFile, RequestTooLarge
from functions.limits import MB, UNPACKED, ZIP, ZIP_ENTRIES

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: the same files give the same bytes


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file of a package."""

    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked entry: `path` is relative and stays inside. `link` is a symbolic link's target, else ""."""

    path: str
    info: zipfile.ZipInfo
    is_directory: bool
    executable: bool
    link: str = ""


class Archive:
    """A zip whose every entry has been checked. Raises InvalidZipFile or RequestTooLarge on opening."""

    def __init__(self, data: bytes) -> None:
        if len(data) > ZIP:
            raise RequestTooLarge(
                f"A zip has at most {ZIP // MB} MB ({ZIP} bytes); this one has {len(data)} bytes."
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise InvalidZipFile("Could not unzip uploaded file. Check your file, then try again.") from None
        if len(infos) > ZIP_ENTRIES:
            raise InvalidZipFile(f"The zip has {len(infos):,} entries; at most {ZIP_ENTRIES:,} are allowed.")
        self.unpacked_size = sum(info.file_size for info in infos)
        if self.unpacked_size > UNPACKED:
            raise InvalidZipFile(f"Unzipped size must be smaller than {UNPACKED} bytes")
        self.entries = [self._checked(info) for info in infos]
        _refuse_overlaps(self.entries)

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The content of a file, never more than it declared (a bomb lies about its size)."""
        left = entry.info.file_size
        try:
            with self._zip.open(entry.info) as stream:
                while piece := stream.read(1 << 16):
                    left -= len(piece)
                    if left < 0:
                        raise InvalidZipFile(f"{entry.path}: holds more than it declares.")
                    yield piece
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise InvalidZipFile(f"{entry.path}: cannot be unpacked ({error}).") from None

    def files(self) -> dict[str, FileContent]:
        """All regular files in memory."""
        return {
            entry.path: FileContent(b"".join(self.chunks(entry)), entry.executable)
            for entry in self.entries
            if not entry.is_directory and not entry.link
        }

    def _checked(self, info: zipfile.ZipInfo) -> Entry:
        path = _checked_path(info.filename)
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        if info.flag_bits & 0x1:
            raise InvalidZipFile(f"{path}: is encrypted.")
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
            raise InvalidZipFile(
                f"{path}: is a device, socket or pipe; only files, folders and links are allowed."
            )
        link = self._link_target(info, path) if kind == stat.S_IFLNK else ""
        return Entry(path, info, info.is_dir() or kind == stat.S_IFDIR, bool(mode & 0o111), link)

    def _link_target(self, info: zipfile.ZipInfo, path: str) -> str:
        if info.file_size > 4096:
            raise InvalidZipFile(f"{path}: the link's target is too long.")
        target = self._zip.read(info).decode("utf-8", "replace")
        depth = len(PurePosixPath(path).parts) - 1
        for part in PurePosixPath(target).parts:
            depth += -1 if part == ".." else 1
            if depth < 0 or part == "/":
                raise InvalidZipFile(f"{path}: the link points outside the package ({target[:80]}).")
        return target


def pack(files: Mapping[str, FileContent]) -> bytes:
    """The zip of these files: the same files always give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.create_system = 3  # Unix, whatever system packs
            info.external_attr = (stat.S_IFREG | (0o755 if files[path].executable else 0o644)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[path].content)
    return target.getvalue()


def _checked_path(name: str) -> str:
    text = name.replace("\\", "/").rstrip("/")
    parts = [part for part in text.split("/") if part != "."]
    if text.startswith("/") or (len(text) > 1 and text[1] == ":"):
        raise InvalidZipFile(f"{name[:80]}: an absolute path.")
    if ".." in parts:
        raise InvalidZipFile(f"{name[:80]}: a path that leaves the package.")
    if not parts or "" in parts or len(text.encode()) > 1024 or any(len(p.encode()) > 255 for p in parts):
        raise InvalidZipFile(f"{name[:80]!r}: not a usable path.")
    if any(ord(character) < 32 for character in text):
        raise InvalidZipFile(f"{name[:80]!r}: control characters in a path.")
    return "/".join(parts)


def _refuse_overlaps(entries: list[Entry]) -> None:
    """No name twice, and nothing below a file or a link: unpacking must never follow what it just made."""
    closed: set[str] = set()
    for entry in entries:
        if entry.is_directory:
            continue
        if entry.path in closed:
            raise InvalidZipFile(f"{entry.path}: is in the zip twice.")
        closed.add(entry.path)
    for entry in entries:
        for parent in PurePosixPath(entry.path).parents:
            if str(parent) in closed:
                raise InvalidZipFile(f"{entry.path}: lies below {parent}, which is no folder.")
        if entry.is_directory and entry.path in closed:
            raise InvalidZipFile(f"{entry.path}: is both a file and a folder.")
