"""Installs what the tests of deployers need, from PyPI and npm by their ordinary clients, into folders that are kept
beside the virtual environment: once for each list of versions. A registry that does not answer is a skip that says so."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from functions.config import REPOSITORY

KEPT = REPOSITORY / ".venv" / "deployers"
LISTS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("packages.toml").read_text())
LIMIT_S = 600
# What pip and npm say when nobody answers, as against a package that is not there.
_UNANSWERED = re.compile(
    r"NewConnectionError|ConnectTimeout|Read timed out|ProxyError|Max retries|Name or service not known|"
    r"Temporary failure in name resolution|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|50[234] "
)


def installed(name: str) -> Path:
    """The folder with the packages of a list in packages.toml: `site` for Python's, `node_modules` for Node.js's."""
    wanted = LISTS[name]
    key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:12]
    folder = KEPT / f"{name}-{key}"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two processes of a parallel run want the same
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            _install(name, wanted, folder)
            (folder / "complete").touch()
    return folder


def node() -> tuple[Path, Path]:
    """Node.js and npm: this machine's, or those that PyPI carries."""
    found, manager = shutil.which("node"), shutil.which("npm")
    if found and manager:
        return Path(found), Path(manager)
    tools = installed("node") / "site" / "bin"
    return tools / "node", tools / "npm"


def _install(name: str, wanted: dict[str, Any], folder: Path) -> None:
    if "npm" in wanted:
        (folder / "package.json").write_text(json.dumps({"name": name, "private": True}))
        _, npm = node()
        environ = {**os.environ, "PATH": f"{npm.parent}:{os.environ['PATH']}"}
        words = [str(npm), "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted["npm"]]
        _run(name, words, folder, environ)
        return
    words = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--target",
        str(folder / "site"),
    ]
    if "python" in wanted:
        words += ["--python-version", wanted["python"], "--only-binary=:all:"]
    _run(name, [*words, *wanted["pip"]], folder, dict(os.environ))


def _run(name: str, words: list[str], folder: Path, environ: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"the packages of {name} were not there after {LIMIT_S} s: the registry does not answer")
    said = f"{done.stdout}\n{done.stderr}"
    if done.returncode != 0 and _UNANSWERED.search(said):
        pytest.skip(f"the registry does not answer for the packages of {name}: {said.strip()[-300:]}")
    assert done.returncode == 0, said[-3000:]


def builder_image(runtime: str) -> str:
    """The image in which packages of a runtime are installed: it has compilers and the whole language."""
    words = ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", f"functory/builder-{runtime}"]
    found = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout.split()
    assert found, f"the builder's image of {runtime} is not there"
    return found[0]
