"""A tool's run on somebody's text: in an empty folder that is gone afterwards, with limits on time, memory and
output, few at once. The text lies there under names of ours, so that no name of a user's reaches a tool."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from functions.errors import ServiceUnavailable

MEMORY_KB = 1024 * 1024  # of addresses: a file of 3 MB takes the hungriest tool half of it
CPU_S = 10
WALL_S = 10.0
_BLOCK = 512
OUTPUT_BLOCKS = 64 * 1024  # 32 MB
PATIENCE_S = 5.0
# Per process: the other threads go on serving pages while somebody's code is read.
_SEATS = threading.BoundedSemaphore(2)
# A shell sets the limits: between fork and exec of a process with threads nothing else is safe.
_LIMITED = " && ".join(
    (f"ulimit -v {MEMORY_KB}", f"ulimit -t {CPU_S}", f"ulimit -f {OUTPUT_BLOCKS}", "ulimit -c 0", 'exec "$@"')
)


class Workplace:
    """The folder of one run, and which file there is whose. Names of files stay where a rule looks at them."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        self._paths: dict[str, str] = {}
        for index, (path, text) in enumerate(files.items()):
            name = f"{index}/{_plain_name(path)}"
            place = folder / name
            place.parent.mkdir()
            place.write_bytes(text.encode("utf-8", "replace"))
            self._paths[name] = path

    @property
    def names(self) -> list[str]:
        """The files here, as a tool is told them."""
        return list(self._paths)

    def path_of(self, reported: str) -> str:
        """The user's path of a file that a tool reports, absolute or not; raises KeyError."""
        return self._paths["/".join(PurePosixPath(reported).parts[-2:])]

    def read(self, name: str) -> str:
        """What a tool has left of a file."""
        return (self.folder / name).read_bytes().decode()


@contextlib.contextmanager
def workplace(files: Mapping[str, str]) -> Iterator[Workplace]:
    """A place to run one tool in; raises ServiceUnavailable when too many are at work."""
    if not _SEATS.acquire(timeout=PATIENCE_S):
        raise ServiceUnavailable("Too much code is being checked at once. Try again in a moment.")
    try:
        with tempfile.TemporaryDirectory(prefix="functory-code-") as folder:
            yield Workplace(Path(folder), files)
    finally:
        _SEATS.release()


@dataclass(frozen=True, slots=True)
class Said:
    """How a tool ended: its exit status, negative for a signal, and what it wrote."""

    status: int
    output: bytes
    errors: str


def run(program: str, arguments: Sequence[str], place: Workplace) -> Said:
    """Run a tool of this environment on a workplace; raises ServiceUnavailable if it is missing or takes too
    long."""
    tool = Path(sys.executable).parent / program
    if not tool.exists():
        raise ServiceUnavailable(f"{program} is not installed. `make up` installs it.")
    # To files, which the limit of output holds for, as it does not for pipes.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            ended = subprocess.run(
                ["/bin/sh", "-c", _LIMITED, "sh", str(tool), *arguments],
                cwd=place.folder, env=_environment(place), timeout=WALL_S, check=False,
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ServiceUnavailable(f"{program} took longer than {WALL_S:g} s on this code.") from None
        output.seek(0)
        errors.seek(0)
        return Said(ended.returncode, output.read(), errors.read(64 * 1024).decode(errors="replace"))


def gave_up(program: str, said: Said) -> ServiceUnavailable:
    """The error of a tool that crashed or reached a limit, which deeply nested code can make it do."""
    if len(said.output) >= OUTPUT_BLOCKS * _BLOCK:
        return ServiceUnavailable(f"{program} finds more problems in this code than can be listed.")
    return ServiceUnavailable(f"{program} gave up on this code: it is too large or too deeply nested for it.")


def _environment(place: Workplace) -> dict[str, str]:
    """Nothing of ours but where programs are; one thread, since the machine has other work."""
    return {"PATH": os.defpath, "HOME": str(place.folder), "RAYON_NUM_THREADS": "1", "NO_COLOR": "1"}


def _plain_name(path: str) -> str:
    pure = PurePosixPath(path)
    return pure.name if pure.name == "__init__.py" else f"code{pure.suffix.lower()}"
