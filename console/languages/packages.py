"""Which versions of a package there are: asked of pip's or npm's own index through the tool itself, so that what
this host's configuration says about indexes holds here too. No index is named here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from functions.errors import InvalidParameterValue, ResourceNotFound, ServiceUnavailable
from functions.package_names import MOST_FOUND
from functions.runtimes import Runtime
from functions.services.indexes import search_python

PATIENCE_S = 20.0
MOST_VERSIONS = 100
_PIP_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_NPM_NAME = re.compile(r"(?:@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*")
_DOWN = ServiceUnavailable(
    "The package index does not answer. A version can still be written into the file by hand."
)


@dataclass(frozen=True, slots=True)
class Package:
    """A package of an index and its versions, newest first."""

    name: str
    versions: tuple[str, ...]


def look_up(runtime: Runtime, name: str) -> Package:
    """The package, for the runtime's own index; raises InvalidParameterValue for what is no name,
    ResourceNotFound, or ServiceUnavailable saying why the index cannot be asked."""
    ask = _ASK.get(runtime.manifest)
    if ask is None:
        raise InvalidParameterValue(f"{runtime.title} has no package index.", field="name")
    return ask(name, runtime.identifier)


def search(runtime: Runtime, text: str, home: Path) -> list[str]:
    """Names for what was typed so far, the likeliest first; none where nothing can be said."""
    if runtime.manifest == "package.json":
        return _npm_search(text)
    return search_python(home, text) if runtime.manifest == "requirements.txt" else []


def _npm_search(text: str) -> list[str]:
    npm = shutil.which("npm")
    if npm is None or not _NPM_NAME.fullmatch(text):
        return []
    options = ("--json", "--loglevel", "silent", "--fetch-retries", "0", "--fetch-timeout", "5000")
    try:
        said = _run([npm, "search", *options, "--searchlimit", str(MOST_FOUND), "--", text])
        return [str(found["name"]) for found in json.loads(said.stdout)] if said.returncode == 0 else []
    except (ServiceUnavailable, ValueError, TypeError, KeyError):  # a registry need not have a search
        return []


def _pip(name: str, runtime_id: str) -> Package:
    _check(name, _PIP_NAME)
    language = ("--python-version", runtime_id.removeprefix("python"))
    options = ("--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "8", *language)
    said = _run([sys.executable, "-m", "pip", "index", "versions", *options, "--", name])
    if said.returncode == 0:
        return Package(name, read_pip(said.stdout))
    # Of an index that is down pip says as well that nothing matches, but before it that it tries again.
    if "No matching distribution" in said.stderr and "Retrying" not in said.stderr:
        raise ResourceNotFound(f"The index has no package {name}, or none for this runtime.")
    raise _DOWN


def _npm(name: str, _runtime_id: str) -> Package:
    _check(name, _NPM_NAME)
    npm = shutil.which("npm")
    if npm is None:
        raise ServiceUnavailable(
            "Versions of npm packages can be looked up where npm is installed, and it is not on this machine. "
            "Write the package and a version range into package.json; the deploy installs it all the same."
        )
    options = ("--json", "--loglevel", "silent", "--fetch-retries", "0", "--fetch-timeout", "8000")
    said = _run([npm, "view", *options, "--", name, "versions"])
    if said.returncode == 0:
        return Package(name, read_npm(said.stdout))
    if '"E404"' in said.stdout:
        raise ResourceNotFound(f"The registry has no package {name}.")
    raise _DOWN


def read_pip(output: str) -> tuple[str, ...]:
    """The versions in the answer of `pip index versions`, newest first."""
    found = re.search(r"^Available versions: (.+)$", output, re.MULTILINE)
    return tuple(found[1].split(", "))[:MOST_VERSIONS] if found else ()


def read_npm(output: str) -> tuple[str, ...]:
    """The versions in the answer of `npm view`, newest first, without pre-releases where there are others."""
    said = json.loads(output or "[]")
    versions = [str(each) for each in (said if isinstance(said, list) else [said])][::-1]
    stable = [version for version in versions if "-" not in version]
    return tuple((stable or versions)[:MOST_VERSIONS])


def _check(name: str, pattern: re.Pattern[str]) -> None:
    if len(name) > 214 or not pattern.fullmatch(name):
        raise InvalidParameterValue("This is not the name of a package.", field="name")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    # The environment stays: it may name a proxy, certificates or another index. What the tool says is not
    # passed on, since an index's address may hold a password. Web's own user has no home for npm to cache in.
    with tempfile.TemporaryDirectory(prefix="functory-index-") as folder:
        npm = {"npm_config_cache": folder, "npm_config_update_notifier": "false"}
        try:
            return subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=folder,
                stdin=subprocess.DEVNULL, env={**os.environ, **npm},
            )  # fmt: skip
        except (subprocess.TimeoutExpired, OSError):
            raise _DOWN from None


_ASK: Mapping[str, Callable[[str, str], Package]] = {"requirements.txt": _pip, "package.json": _npm}
