"""The rules of a deployment package: what a zip may hold, and the deterministic zip of the editor's files.
Reads and makes bytes, never touches the disk. Everything in a zip is taken for hostile: every name, type,
size and link is judged before a byte is unpacked."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from functions.errors import InvalidZipFile, RequestTooLarge
from functions.limits import MB, UNPACKED, ZIP, ZIP_ENTRIES

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: the same files give the same bytes
_END_RECORD = b"PK\x05\x06"
_DIRECTORY_RECORD = b"PK\x01\x02"
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, OSError, ValueError)
_LONGEST_LINK = 1024
_MOST_HOPS = 40  # as Linux: ELOOP after 40 links


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
        _refuse_long_directory(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE:
            raise InvalidZipFile("Could not unzip uploaded file. Check your file, then try again.") from None
        infos = self._zip.infolist()
        # What is declared is enough to add up: reading never goes further, see `chunks`.
        self.unpacked_size = sum(info.file_size for info in infos)
        if self.unpacked_size > UNPACKED:
            raise InvalidZipFile(f"Unzipped size must be smaller than {UNPACKED} bytes")
        self.entries = [entry for info in infos if (entry := self._checked(info)) is not None]
        _refuse_overlaps(self.entries)
        _refuse_links_out(self.entries)

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The content of a file, never more than it declared (a bomb lies about its size) and, at the end,
        checked by its CRC; raises InvalidZipFile."""
        left = entry.info.file_size
        try:
            with self._zip.open(entry.info) as stream:
                while piece := stream.read(1 << 16):
                    left -= len(piece)
                    yield piece
        except (*_DAMAGE, RuntimeError) as error:
            raise InvalidZipFile(f"{entry.path}: cannot be unpacked ({error}).") from None
        if left:
            raise InvalidZipFile(f"{entry.path}: does not hold as much as it declares.")

    def verify(self) -> None:
        """Read everything once; raises InvalidZipFile if something is damaged."""
        for entry in self.entries:
            for _ in self.chunks(entry):
                pass

    def files(self) -> dict[str, FileContent]:
        """All regular files in memory."""
        return {
            entry.path: FileContent(b"".join(self.chunks(entry)), entry.executable)
            for entry in self.entries
            if not entry.is_directory and not entry.link
        }

    def _checked(self, info: zipfile.ZipInfo) -> Entry | None:
        """The entry; None for the package itself ("./"), which some tools write."""
        path = _checked_path(info.orig_filename)
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        is_directory = info.orig_filename.endswith(("/", "\\")) or kind == stat.S_IFDIR
        if not path and is_directory:
            return None
        if not path:
            raise InvalidZipFile("An entry of the zip has no name.")
        if info.flag_bits & 0x1:
            raise InvalidZipFile(f"{path}: is encrypted.")
        # LZMA and the like take as much memory as the zip says.
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise InvalidZipFile(f"{path}: is compressed by a method other than deflate.")
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
            raise InvalidZipFile(
                f"{path}: is a device, socket or pipe; only files, folders and links are allowed."
            )
        link = self._link_target(info, path) if kind == stat.S_IFLNK and not is_directory else ""
        return Entry(path, info, is_directory, bool(mode & 0o111), link)

    def _link_target(self, info: zipfile.ZipInfo, path: str) -> str:
        if not 0 < info.file_size <= _LONGEST_LINK:
            raise InvalidZipFile(f"{path}: the link's target is empty or too long.")
        try:
            target = self._zip.read(info).decode()
        except (*_DAMAGE, RuntimeError):
            raise InvalidZipFile(f"{path}: is a damaged link.") from None
        if target.startswith("/") or "\0" in target:
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


def _refuse_long_directory(data: bytes) -> None:
    """Count the records before anything is built from them: a million empty entries fit in 50 MB, and each
    would take half a kilobyte as an object."""
    end = data.rfind(_END_RECORD)
    size = int.from_bytes(data[end + 12 : end + 16], "little") if end >= 0 else 0
    count = data.count(_DIRECTORY_RECORD, max(0, end - size))
    if count > ZIP_ENTRIES:
        raise InvalidZipFile(f"The zip has {count:,} entries; at most {ZIP_ENTRIES:,} are allowed.")


def _checked_path(name: str) -> str:
    """The path without empty and `.` parts: "" for the package itself."""
    text = name.replace("\\", "/")  # as some tools of Windows write
    if text.startswith("/") or (len(text) > 1 and text[1] == ":"):
        raise InvalidZipFile(f"{name[:80]}: an absolute path.")
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise InvalidZipFile(f"{name[:80]}: a path that leaves the package.")
    if any(ord(character) < 32 or character == "\x7f" for character in text):
        raise InvalidZipFile(f"{name[:80]!r}: control characters in a path.")
    if len(text.encode()) > 1024 or any(len(part.encode()) > 255 for part in parts):
        raise InvalidZipFile(f"{name[:80]!r}: a path that is too long.")
    return "/".join(parts)


def _refuse_overlaps(entries: Sequence[Entry]) -> None:
    """No name twice, and nothing below a file or a link: unpacking must never follow what it just made."""
    closed: set[str] = set()
    for entry in entries:
        if not entry.is_directory and entry.path in closed:
            raise InvalidZipFile(f"{entry.path}: is in the zip twice.")
        if not entry.is_directory:
            closed.add(entry.path)
    for entry in entries:
        if entry.is_directory and entry.path in closed:
            raise InvalidZipFile(f"{entry.path}: is both a file and a folder.")
        above = entry.path.rpartition("/")[0]
        while above:
            if above in closed:
                raise InvalidZipFile(f"{entry.path}: lies below {above}, which is no folder.")
            above = above.rpartition("/")[0]


def _refuse_links_out(entries: Sequence[Entry]) -> None:
    """Follow every link as the kernel would, through other links. Counting `..` is not enough: where a link
    leads upwards, `link/..` is further up than it looks."""
    links = {entry.path: entry.link for entry in entries if entry.link}
    for path in links:
        _follow(links, path)


def _follow(links: Mapping[str, str], path: str) -> None:
    ahead = path.split("/")[::-1]
    reached: list[str] = []
    hops = 0
    while ahead:
        part = ahead.pop()
        if part == ".." and not reached:
            raise InvalidZipFile(f"{path}: the link points outside the package ({links[path][:80]}).")
        if part == "..":
            reached.pop()
        elif part not in {"", "."}:
            target = links.get("/".join((*reached, part)))
            hops += target is not None
            if hops > _MOST_HOPS:
                raise InvalidZipFile(f"{path}: the link leads to itself.")
            if target is None:
                reached.append(part)
            else:
                ahead.extend(target.split("/")[::-1])
