"""Code on disk, by content: the zip exactly as it came (`blobs/`), its unpacked tree (`trees/`), and
installed dependencies (`dependencies/`). Read-only once made. Knows no database."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from functions.archives import Archive, Entry
from functions.errors import CodeVerificationFailed

NODE_MODULES = "/var/dependencies/node_modules"
_FEW = 64  # up to so many files are flushed one by one, more by one sync


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored package: SHA-256 in hex, bytes of the zip and of what is in it."""

    sha256: str
    size: int
    unpacked_size: int


class Store:
    """The code store below one directory. `uploads/` is written by web; all else by the worker, as root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def upload(self, sha256: str) -> Path:
        """Where a zip waits that web has taken in and the worker has not stored yet."""
        return self.root / "uploads" / f"{sha256}.zip"

    def blob(self, sha256: str) -> Path:
        """The zip as it came."""
        return self.root / "blobs" / f"{sha256}.zip"

    def tree(self, sha256: str, *, linked: bool = False) -> Path:
        """The unpacked package; `linked` is the one whose node_modules are the dependency tree's."""
        return self.root / "trees" / (f"{sha256}.linked" if linked else sha256)

    def dependencies(self, key: str) -> Path:
        """An installed dependency tree."""
        return self.root / "dependencies" / key

    def layers(self, packages: Sequence[str]) -> Path:
        """What to mount at /opt for these packages, in order: a tree, or several joined."""
        if len(packages) == 1:
            return self.tree(packages[0])
        return self.root / "layers" / hashlib.sha256("\n".join(packages).encode()).hexdigest()

    def join(self, packages: Sequence[str]) -> Path:
        """Unpack layers and lay them over each other, the later over the earlier; safe to run twice."""
        trees = [self.unpack(sha256) for sha256 in packages]
        joined = self.layers(packages)
        if not joined.exists():
            with self._draft_directory(joined) as draft:
                for tree in trees:
                    _lay_over(tree, draft)
        return joined

    def discard_layers(self, kept: Collection[Path]) -> int:
        """Remove what was joined and is not among `kept`; returns how many."""
        found = [path for path in (self.root / "layers").glob("[0-9a-f]*") if path not in kept]
        for path in found:
            _remove_tree(path)
        return len(found)

    def paths(self, sha256: str, key: str | None, *, linked: bool) -> tuple[Path, Path | None]:
        """What to mount for a revision: code, and dependencies if it has any."""
        if not key:
            return self.tree(sha256), None
        return self.tree(sha256, linked=linked), self.dependencies(key)

    def take_in(self, data: bytes) -> Stored:
        """Check a package and keep it until the worker stores it; raises InvalidZipFile or
        RequestTooLarge."""
        found = self.check(data)
        if not self.blob(found.sha256).exists() and not self.upload(found.sha256).exists():
            _write_durably(self.upload(found.sha256), data)
        return found

    def check(self, data: bytes) -> Stored:
        """What a package would be stored as; raises InvalidZipFile or RequestTooLarge, and keeps nothing."""
        archive = Archive(data)
        archive.verify()
        return Stored(hashlib.sha256(data).hexdigest(), len(data), archive.unpacked_size)

    def read(self, sha256: str) -> bytes:
        """The zip again; raises CodeVerificationFailed if it is gone or not what its name says."""
        for path in (self.blob(sha256), self.upload(sha256)):
            if path.exists():
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() == sha256:
                    return data
        raise CodeVerificationFailed(f"The stored code {sha256[:12]} is missing or damaged: deploy it again.")

    def unpack(self, sha256: str, *, linked: bool = False) -> Path:
        """Make blob and tree durable, once; returns the tree. Safe to run twice at the same time."""
        tree = self.tree(sha256, linked=linked)
        if not tree.exists():
            data = self.read(sha256)
            if not self.blob(sha256).exists():
                _write_durably(self.blob(sha256), data)
            with self._draft_directory(tree) as draft:
                _extract(Archive(data), draft, linked=linked)
        self.upload(sha256).unlink(missing_ok=True)
        return tree

    def discard(self, sha256: str) -> None:
        """Remove a package that nothing refers to any more."""
        for path in (self.blob(sha256), self.upload(sha256)):
            path.unlink(missing_ok=True)
        for linked in (False, True):
            _remove_tree(self.tree(sha256, linked=linked))

    def discard_dependencies(self, key: str) -> None:
        """Remove a dependency tree that nothing refers to any more."""
        _remove_tree(self.dependencies(key))

    @contextmanager
    def _draft_directory(self, final: Path) -> Iterator[Path]:
        """A directory that becomes `final` in one step, or nothing."""
        final.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{final.name[:12]}-", dir=final.parent))
        try:
            yield draft
            seal(draft)
            _flush_tree(draft)
            try:
                draft.rename(final)
            except OSError:
                if not final.exists():  # otherwise another worker was first
                    raise
        finally:
            _remove_tree(draft)
        _flush(final.parent)


def seal(tree: Path) -> None:
    """Make everything below read-only for all: folders 0555, files 0444 or 0555."""
    for directory, _, names in os.walk(tree):
        for name in names:
            path = Path(directory, name)
            if not path.is_symlink():
                path.chmod(0o555 if path.stat().st_mode & 0o111 else 0o444)
        Path(directory).chmod(0o555)


def _extract(archive: Archive, target: Path, *, linked: bool) -> None:
    for entry in sorted(archive.entries, key=lambda entry: bool(entry.link)):  # links last: none is followed
        _extract_entry(archive, entry, target / entry.path)
    # Not `exists`, which follows: the package may bring a link of its own.
    if linked and not os.path.lexists(target / "node_modules"):
        (target / "node_modules").symlink_to(NODE_MODULES)


def _lay_over(tree: Path, target: Path) -> None:
    """Links, not copies: trees never change. A file in a folder's place, or the reverse, wins as any other."""
    for path in sorted(tree.rglob("*")):
        place = target / path.relative_to(tree)
        if path.is_dir() and not path.is_symlink():
            if place.is_symlink() or place.is_file():
                place.unlink()
            place.mkdir(exist_ok=True)
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        if path.is_symlink():
            place.symlink_to(path.readlink())
        else:
            os.link(path, place)


def _extract_entry(archive: Archive, entry: Entry, path: Path) -> None:
    if entry.is_directory:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.link:
        path.symlink_to(entry.link)
        return
    with path.open("xb") as file:
        for piece in archive.chunks(entry):
            file.write(piece)
    path.chmod(0o755 if entry.executable else 0o644)


def _write_durably(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o444)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    _flush(path.parent)


def _flush_tree(tree: Path) -> None:
    """Everything on disk before it gets its name: after a power cut a tree that exists is whole."""
    paths = [path for path in (tree, *tree.rglob("*")) if not path.is_symlink()]
    if len(paths) > _FEW:
        os.sync()
        return
    for path in paths:
        _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_tree(tree: Path) -> None:
    if not tree.exists():
        return
    for directory, _, _ in os.walk(tree):
        Path(directory).chmod(0o755)
    shutil.rmtree(tree, ignore_errors=True)
