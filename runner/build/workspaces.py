"""The folders and locks of builds below `dependencies/`: who builds what now, and what broken work left behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from functions.artifacts import Store
from runner.build.container import size_of

LEFT_BEHIND_AFTER = timedelta(hours=2)
CACHE_KEPT = timedelta(days=14)
LARGEST_CACHE = 1024**3  # bytes on disk


def lock_of(store: Store, key: str) -> Path:
    """The lock file of a key; the lock falls with the process that holds it."""
    return store.dependencies(key).with_name(f".{key}.lock")


@contextmanager
def alone(store: Store, key: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """One at a time, over all workers; `on_wait` is called when another is at it."""
    path = lock_of(store, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_building(store: Store, key: str) -> bool:
    """Whether a worker is installing this key now."""
    try:
        with lock_of(store, key).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def workspace(store: Store, key: str) -> Iterator[Path]:
    """A folder for one build, gone afterwards."""
    parent = store.dependencies(key).parent
    folder = Path(tempfile.mkdtemp(prefix=f".build-{key[:12]}-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cache(store: Store, owner: str, tool: str) -> Iterator[Path | None]:
    """The folder that a tool keeps between builds of one function, which no other function's builds see; None
    without an owner. One that has grown too large is thrown away after the build."""
    if not owner:
        yield None
        return
    folder = store.root / "caches" / f"{owner}-{tool}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    os.utime(folder)
    yield folder
    if size_of(folder) > LARGEST_CACHE:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_caches(store: Store, now: datetime) -> None:
    """Remove caches that no build has used for days."""
    limit = (now - CACHE_KEPT).timestamp()
    for folder in (store.root / "caches").glob("*"):
        if folder.lstat().st_mtime < limit:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(store: Store, now: datetime) -> None:
    """Remove half-made trees, workspaces and files that nobody has touched for hours, and locks nobody holds."""
    limit = (now - LEFT_BEHIND_AFTER).timestamp()
    for folder, pattern in (
        ("dependencies", ".*"),
        ("trees", ".*"),
        ("layers", ".*"),
        ("blobs", "tmp*"),
        ("uploads", "tmp*"),
    ):
        for path in (store.root / folder).glob(pattern):
            if path.lstat().st_mtime < limit and not _is_held(path):
                _remove(path)


def _is_held(path: Path) -> bool:
    if not path.name.endswith(".lock"):
        return False
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for folder in (
            path,
            *(entry for entry in path.rglob("*") if entry.is_dir() and not entry.is_symlink()),
        ):
            folder.chmod(0o755)
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
