"""The base of a Debian suite: pulled if a registry answers, else made here with mmdebstrap and its default mirror."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from runner.images.engine import ImageEngine
from runner.images.errors import ImageError
from runner.images.progress import Progress
from runner.images.recipes import SUITE, base_reference

STALE_VARIABLE = "FUNCTORY_STALE_MIRROR"
_REGISTRY_TIMEOUT_S = 8
_CHUNK = 1024 * 1024
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def ensure_base(engine: ImageEngine, progress: Progress, suite: str = SUITE) -> None:
    """Have the base image of a suite under its own name; raises ImageError."""
    if not engine.has(base_reference(suite)):
        make_base(engine, progress, suite)


def make_base(engine: ImageEngine, progress: Progress, suite: str = SUITE) -> None:
    """The same, in place of one that is there; raises ImageError."""
    name, tag = base_reference(suite).split(":")
    pulled = "debian", f"{suite}-slim"
    with progress.step(f"Debian {suite}: asking a registry"):
        found = engine.pull(*pulled, timeout_s=_REGISTRY_TIMEOUT_S, progress=progress)
    if found:
        engine.tag(":".join(pulled), name, tag)
        return
    progress.note("  No registry answers, so the base is made from the distribution's packages.")
    with progress.step(f"Debian {suite}: mmdebstrap"):
        bootstrap(engine, suite, name, tag)


def bootstrap(engine: ImageEngine, suite: str, name: str, tag: str) -> None:
    """Make a minimal root and import it while it is being written; raises ImageError."""
    if shutil.which("mmdebstrap") is None:
        raise ImageError("No registry answers and mmdebstrap is not installed: apt-get install mmdebstrap")
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command(suite), stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL
        ) as maker,
    ):
        assert maker.stdout is not None
        try:
            engine.import_root(_chunks(maker, maker.stdout, said, suite), name, tag)
        finally:
            maker.terminate()


def command(
    suite: str = SUITE, keyring: Path = _KEYRING, environ: Mapping[str, str] = os.environ
) -> list[str]:
    """No mirror is named: mmdebstrap knows the suite's own. The keyring is: apt on Ubuntu does not trust Debian's
    keys, and mmdebstrap finds that out only where gpg is installed."""
    leave_out = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
    options = [f"--dpkgopt=path-exclude={path}" for path in leave_out]
    if keyring.exists():
        options.append(f"--keyring={keyring}")
    if environ.get(STALE_VARIABLE) == "1":
        options.append(
            '--aptopt=Acquire::Check-Valid-Until "false"'
        )  # the root keeps it, for its own packages
    return ["mmdebstrap", "--variant=minbase", "--format=tar", "--quiet", *options, suite, "-"]


def _chunks(
    maker: subprocess.Popen[bytes], output: IO[bytes], said: IO[bytes], suite: str
) -> Iterator[bytes]:
    """The tar, and an error before its end if the maker failed: half a root must not become an image."""
    while chunk := output.read(_CHUNK):
        yield chunk
    if maker.wait() != 0:
        said.seek(0)
        raise ImageError(failure(suite, said.read().decode(errors="replace")))


def failure(suite: str, said: str) -> str:
    """Why a root could not be made, for the operator."""
    if "is expired" in said:
        return (
            f"Debian {suite} cannot be had: the mirror's package lists are past the date until which Debian vouches "
            f"for them. Where it is a frozen copy on purpose, set {STALE_VARIABLE}=1; their signatures are checked "
            "all the same."
        )
    return f"mmdebstrap failed for Debian {suite}:\n{said[-2000:]}"
