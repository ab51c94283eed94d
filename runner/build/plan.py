"""What has to be installed for a package of code, and the key that the result is kept under. Pure: reads the
package through a function, runs nothing.

The key covers all that the result depends on: runtime, builder image, manifests and index configuration; and
the whole package where a manifest points at files of it."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from functions.runtimes import Build, Runtime
from runner.build.folders import FolderBuild, folder_build

SOURCE, OUTPUT, TEMPORARY = "/source", "/build/out", "/build/tmp"
Reader = Callable[[str], bytes | None]
_LARGEST_MANIFEST = 8 * 1024 * 1024
_NESTED = re.compile(r"^(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_PIP = ("python3", "-m", "pip", "install", "--target", OUTPUT, "--progress-bar", "off", "--no-cache-dir")
_NPM_OPTIONS = ("--omit=dev", "--install-links", "--no-audit", "--no-fund", "--no-progress")


class ManifestError(ValueError):
    """A manifest that no tool could work with; the message is for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What to run where. `tool` is named in messages; `manifests` are copied to the output for npm, which wants
    them beside what it makes; `result` is the folder of the output that is kept, "" for all of it; `cache` asks
    for a folder that later builds of the same function find again."""

    key: str
    tool: str
    image: str
    command: tuple[str, ...]
    folder: str
    manifests: Mapping[str, bytes] = field(default_factory=dict)
    whole_package: bool = False
    result: str = ""
    cache: bool = False


def plan_build(
    runtime: Runtime,
    read: Reader,
    names: Callable[[], Iterable[str]] = tuple,
    *,
    package_sha256: str,
    image: str,
    indexes: str,
) -> BuildPlan | None:
    """What to install for a package; None when nothing is asked for. `read` gives a file of the package or
    None, `names` the paths of all of them; `image` names the builder image by its recipe; `indexes` describes the
    index configuration. Raises ManifestError."""
    if not runtime.builder:
        return None
    own = folder_build(runtime.folder) if runtime.build is Build.FOLDER else None
    found = _folder(own, read, names) if own else _PLANS[runtime.build](read)
    if found is None:
        return None
    tool, command, manifests, whole = found
    state = hashlib.sha256(repr((runtime.identifier, image, command, indexes)).encode())
    for path, content in sorted(manifests.items()):
        state.update(f"\0{path}\0{len(content)}\0".encode() + content)
    if whole:
        state.update(package_sha256.encode())
    return BuildPlan(
        key=state.hexdigest(),
        tool=tool,
        image=image,
        command=command,
        folder=OUTPUT if tool == "npm" else SOURCE,
        manifests=manifests,
        whole_package=whole,
        result="node_modules" if tool == "npm" else "",
        cache=own is not None and own.cache,
    )


Found = tuple[str, tuple[str, ...], dict[str, bytes], bool]


def _folder(own: FolderBuild, read: Reader, names: Callable[[], Iterable[str]]) -> Found | None:
    paths = sorted(names())
    if not any(_fits(path, own.wanted) for path in paths):
        return None
    if own.manifests == ("*",):
        return own.tool, own.command, {}, True
    manifests = {
        path: content for path in paths if _fits(path, own.manifests) and (content := _read(read, path))
    }
    return own.tool, own.command, manifests, False


def _fits(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _pip(read: Reader) -> Found | None:
    manifests: dict[str, bytes] = {}
    whole = _read_requirements(read, "requirements.txt", manifests)
    wanted = [line for content in manifests.values() for line in _lines(content) if not line.startswith("-")]
    if not manifests:
        return _project(read)
    if not wanted and not whole:
        return None
    return "pip", (*_PIP, "-r", "requirements.txt"), manifests, whole


def _project(read: Reader) -> Found | None:
    """The dependencies of a project file; the project itself is the package's own code."""
    content = _read(read, "pyproject.toml")
    wanted = _dependencies(content) if content is not None else []
    if not wanted:
        return None
    named = {"pyproject.toml": "\n".join(wanted).encode()}  # tools keep their settings in it as well
    return "pip", (*_PIP, "--", *wanted), named, any(_is_local(line) for line in wanted)


def _dependencies(content: bytes) -> list[str]:
    try:
        told = tomllib.loads(content.decode())
    except ValueError as error:
        raise ManifestError(f"pyproject.toml is not TOML: {error}") from None
    project = told.get("project", {})
    others = told.get("tool", {}).get("poetry", {}).get("dependencies", {})
    if "dependencies" in project.get("dynamic", []) or (set(others) - {"python"} and not project):
        raise ManifestError(
            "pyproject.toml leaves its dependencies to a tool: name them in [project] or in requirements.txt."
        )
    wanted = project.get("dependencies", [])
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        raise ManifestError("pyproject.toml: `dependencies` of [project] must be a list of texts.")
    options = next((each for each in wanted if each.lstrip().startswith("-")), "")
    if options:
        raise ManifestError(f"pyproject.toml: `{options}` is no dependency.")
    return wanted


def _read_requirements(read: Reader, path: str, manifests: dict[str, bytes]) -> bool:
    """Gather a requirements file and those that it names; whether one points at files of the package."""
    content = _read(read, path)
    if content is None or path in manifests:
        return False
    manifests[path] = content
    whole = False
    for line in _lines(content):
        nested = _NESTED.match(line)
        if nested:
            other = str(PurePosixPath(path).parent / nested[1])
            whole = _read_requirements(read, other, manifests) or whole
        else:
            whole = whole or _is_local(line)
    return whole


def _is_local(line: str) -> bool:
    """Whether a requirement is a path: `./wheel.whl`, `-e .`, `name @ file:...`, `--find-links vendor`."""
    target = re.sub(r"^(?:-e|--editable|-f|--find-links)[ =]?\s*", "", line)
    if target != line and "://" not in target:
        return True
    return (
        target.startswith((".", "/", "file:")) or "@ file:" in target or target.endswith((".whl", ".tar.gz"))
    )


def _lines(content: bytes) -> list[str]:
    text = content.decode("utf-8", "replace").lstrip("\ufeff").replace("\\\n", " ")
    stripped = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in text.splitlines())
    return [line for line in stripped if line]


def _npm(read: Reader) -> Found | None:
    content = _read(read, "package.json")
    if content is None or _read(read, "node_modules/.package-lock.json") is not None:
        return None  # nothing asked for, or the package brings what it needs
    wanted = _wanted(content)
    if not wanted:
        return None
    manifests = {"package.json": content}
    for name in (*_LOCKS, ".npmrc"):
        extra = _read(read, name)
        if extra is not None:
            manifests[name] = extra
    locked = any(name in manifests for name in _LOCKS)
    command = ("npm", "ci" if locked else "install", *_NPM_OPTIONS)
    whole = any(str(version).startswith(("file:", "link:", "./", "../", "/")) for version in wanted.values())
    return "npm", command, manifests, whole


def _wanted(content: bytes) -> dict[str, Any]:
    try:
        package = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"package.json is not JSON: {error}") from None
    if not isinstance(package, dict):
        raise ManifestError("package.json must hold an object.")
    wanted: dict[str, Any] = {}
    for group in ("dependencies", "optionalDependencies"):
        named = package.get(group) or {}
        if not isinstance(named, dict):
            raise ManifestError(f"package.json: `{group}` must be an object of names and versions.")
        wanted.update(named)
    return wanted


def _read(read: Reader, path: str) -> bytes | None:
    content = read(path)
    if content is not None and len(content) > _LARGEST_MANIFEST:
        raise ManifestError(f"{path} is larger than {_LARGEST_MANIFEST // 1024 // 1024} MB.")
    return content


_PLANS: Mapping[Build, Callable[[Reader], Found | None]] = {Build.PIP: _pip, Build.NPM: _npm}
