"""A stock runtime client: AWS's awslambdaric from the package index, with the interpreter of the Python runtime's
image, as a function of a custom runtime carries them. The floor runs the same files."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from functools import lru_cache
from pathlib import Path, PurePosixPath

from runner.images.catalog import image_reference
from tests.bench.floor import RUNTIME

PYTHON = RUNTIME.removeprefix("python")
CODE = b"def lambda_handler(event, context):\n    return event\n"
BOOTSTRAP = f"""#!/bin/sh
export PYTHONHOME=/var/task/usr PYTHONPATH=/var/task LD_LIBRARY_PATH=/var/task/usr/lib
exec /var/task/usr/bin/python{PYTHON} -u -m awslambdaric "$_HANDLER"
""".encode()
# Beside the interpreter: what it is linked to and a custom runtime's image lacks.
LIBRARIES = ("libexpat", "libffi", "libz")


@lru_cache(maxsize=1)
def client(into: Path) -> Path:
    """A folder with the client for the runtime's Python; raises AssertionError where the index does not give it."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        str(into),
        "--only-binary=:all:",
    ]
    command += ["--python-version", PYTHON, "--platform", "manylinux2014_x86_64", "awslambdaric"]
    got = subprocess.run(command, capture_output=True, text=True, check=False)
    assert got.returncode == 0, f"awslambdaric cannot be had: {got.stderr.strip()[-300:]}"
    return into


def interpreter() -> dict[str, bytes]:
    """The interpreter and its library, by the name in the package."""
    libraries = [f"/usr/lib/x86_64-linux-gnu/{name}.so*" for name in LIBRARIES]
    wanted = " ".join([f"/usr/bin/python{PYTHON}", f"/usr/lib/python{PYTHON}", *libraries])
    command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "sh", image_reference(RUNTIME)]
    command += ["-c", f"tar -chf - $(ls -d {wanted} 2>/dev/null)"]
    packed = subprocess.run(command, capture_output=True, check=True).stdout
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                name = member.name.replace("x86_64-linux-gnu/", "")
                found[name] = file.read()
    return found


def package(site: Path) -> tuple[dict[str, bytes], dict[str, int]]:
    """The function's files, and the modes of those that are programs."""
    files = {"bootstrap": BOOTSTRAP, "lambda_function.py": CODE, **interpreter()}
    for path in site.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            files[str(PurePosixPath(path.relative_to(site)))] = path.read_bytes()
    return files, dict.fromkeys(("bootstrap", f"usr/bin/python{PYTHON}"), 0o100755)
