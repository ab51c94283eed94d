"""The Debian base: pulled if a registry answers, else made here with mmdebstrap and its default mirror."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from runner.images.engine import ImageEngine
from runner.images.errors import ImageError
from runner.images.progress import Progress
from runner.images.recipes import SUITE, base_reference

_PULLED = "debian", f"{SUITE}-slim"
_REGISTRY_TIMEOUT_S = 8
_CHUNK = 1024 * 1024
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def ensure_base(engine: ImageEngine, progress: Progress) -> None:
    """Have the base image under its own name; raises ImageError."""
    reference = base_reference()
    if engine.has(reference):
        return
    name, tag = reference.split(":")
    with progress.step(f"Debian {SUITE}: asking a registry"):
        pulled = engine.pull(*_PULLED, timeout_s=_REGISTRY_TIMEOUT_S, progress=progress)
    if pulled:
        engine.tag(":".join(_PULLED), name, tag)
        return
    progress.note("  No registry answers, so the base is made from the distribution's packages.")
    with progress.step(f"Debian {SUITE}: mmdebstrap"):
        bootstrap(engine, name, tag)


def bootstrap(engine: ImageEngine, name: str, tag: str) -> None:
    """Make a minimal root and import it while it is being written; raises ImageError."""
    if shutil.which("mmdebstrap") is None:
        raise ImageError("No registry answers and mmdebstrap is not installed: apt-get install mmdebstrap")
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command(), stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL) as maker,
    ):
        assert maker.stdout is not None
        try:
            engine.import_root(_chunks(maker, maker.stdout, said), name, tag)
        finally:
            maker.terminate()


def command(keyring: Path = _KEYRING) -> list[str]:
    """No mirror is named: mmdebstrap knows the suite's own. The keyring is: apt on Ubuntu does not trust Debian's
    keys, and mmdebstrap finds that out only where gpg is installed."""
    leave_out = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
    options = [f"--dpkgopt=path-exclude={path}" for path in leave_out]
    if keyring.exists():
        options.append(f"--keyring={keyring}")
    return ["mmdebstrap", "--variant=minbase", "--format=tar", "--quiet", *options, SUITE, "-"]


def _chunks(maker: subprocess.Popen[bytes], output: IO[bytes], said: IO[bytes]) -> Iterator[bytes]:
    """The tar, and an error before its end if the maker failed: half a root must not become an image."""
    while chunk := output.read(_CHUNK):
        yield chunk
    if maker.wait() != 0:
        said.seek(0)
        raise ImageError(f"mmdebstrap failed:\n{said.read().decode(errors='replace')[-2000:]}")
