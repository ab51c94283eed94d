"""Starter code: small functions worth reading, one folder each in runner/runtimes/<language>/starters, with a
starter.toml that says what they show, which trigger suits them and an event to try them with."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from functions.archives import FileContent
from functions.config import REPOSITORY
from functions.errors import InvalidParameterValue
from functions.runtimes import runtime

_FOLDERS = {"python": "python", "javascript": "nodejs", "shell": "provided"}
_DESCRIPTION = "starter.toml"
_ORDER = ("hello", "http-api", "scheduled-job", "queue-worker")


@dataclass(frozen=True, slots=True)
class Starter:
    """One starter: `trigger` is a kind of services.triggers, `expression` belongs to a schedule, `event` is
    JSON text."""

    key: str
    title: str
    text: str
    trigger: str
    event: str
    expression: str
    files: tuple[tuple[str, FileContent], ...]


def starters(runtime_id: str) -> tuple[Starter, ...]:
    """The starters of a runtime, the simplest first."""
    return _of_folder(
        REPOSITORY / "runner" / "runtimes" / _FOLDERS[runtime(runtime_id).language] / "starters"
    )


def starter(runtime_id: str, key: str) -> Starter:
    """One of them; raises InvalidParameterValue with field `starter`."""
    for found in starters(runtime_id):
        if found.key == key:
            return found
    raise InvalidParameterValue(f"There is no starter {key[:60]!r} for {runtime_id}.", field="starter")


def all_keys() -> tuple[str, ...]:
    """The keys that any runtime has."""
    return _ORDER


@lru_cache(maxsize=8)
def _of_folder(folder: Path) -> tuple[Starter, ...]:
    found = [_read(path.parent) for path in folder.glob(f"*/{_DESCRIPTION}")]
    return tuple(
        sorted(found, key=lambda each: _ORDER.index(each.key) if each.key in _ORDER else len(_ORDER))
    )


def _read(folder: Path) -> Starter:
    told = tomllib.loads((folder / _DESCRIPTION).read_text())
    executable = frozenset(told.get("executable", ()))
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _DESCRIPTION)
    return Starter(
        key=folder.name,
        title=told["title"],
        text=told["text"],
        trigger=told["trigger"],
        event=told["event"].strip(),
        expression=told.get("expression", ""),
        files=tuple(
            (name, FileContent(path.read_bytes(), name in executable))
            for path in paths
            for name in (path.relative_to(folder).as_posix(),)
        ),
    )
