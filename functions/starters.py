"""Starter code: small functions worth reading, one folder each in runner/runtimes/<language>/starters, with a
starter.toml that says what they show, which trigger and settings suit them, an event to try them with and what
the answer to it holds."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from functions.archives import FileContent
from functions.config import REPOSITORY
from functions.errors import InvalidParameterValue
from functions.runtimes import runtime

FOLDER = REPOSITORY / "runner" / "runtimes"
_DESCRIPTION = "starter.toml"
PATHS = ("http-api", "scheduled-job", "queue-worker")  # the three ways to begin that an empty project shows
_ORDER = (
    "hello",
    *PATHS,
    "signed-webhook",
    "url-shortener",
    "chat-ops",
    "image-thumbnail",
    "file-converter",
    "scheduled-report",
    "email-digest",
    "scraper",
)
SETTINGS = ("memory_mb", "timeout_s")


@dataclass(frozen=True, slots=True)
class Starter:
    """One starter: `topic` is a word or two, `trigger` is a kind of trigger_rules, `expression` belongs to a
    schedule, as does `payload`; `event` is JSON text, `expect` what the answer to it holds (an object: a part of it);
    `environment` and `settings` (megabytes, seconds) are what the draft begins with."""

    key: str
    title: str
    text: str
    topic: str
    trigger: str
    event: str
    expect: Any
    expression: str
    payload: str
    environment: dict[str, str]
    settings: dict[str, int]
    files: tuple[tuple[str, FileContent], ...]


def starters(runtime_id: str) -> tuple[Starter, ...]:
    """The starters of a runtime, the simplest first."""
    return _of_folder(FOLDER / runtime(runtime_id).folder / "starters")


def starter(runtime_id: str, key: str) -> Starter:
    """One of them; raises InvalidParameterValue with field `starter`."""
    for found in starters(runtime_id):
        if found.key == key:
            return found
    raise InvalidParameterValue(f"There is no starter {key[:60]!r} for {runtime_id}.", field="starter")


def all_keys() -> tuple[str, ...]:
    """The keys that any runtime has."""
    return _ORDER


def has_starter(runtime_id: str, key: str) -> bool:
    """Whether the runtime has a starter of that key."""
    return any(found.key == key for found in starters(runtime_id))


@lru_cache(maxsize=32)
def _of_folder(folder: Path) -> tuple[Starter, ...]:
    found = [_read(path.parent) for path in folder.glob(f"*/{_DESCRIPTION}")]
    return tuple(
        sorted(found, key=lambda each: _ORDER.index(each.key) if each.key in _ORDER else len(_ORDER))
    )


def _belongs(path: Path) -> bool:
    """Whether it is part of the function: not what describes it, and not what running it here left behind."""
    return path.is_file() and path.name != _DESCRIPTION and "__pycache__" not in path.parts


def _read(folder: Path) -> Starter:
    told = tomllib.loads((folder / _DESCRIPTION).read_text())
    executable = frozenset(told.get("executable", ()))
    paths = sorted(path for path in folder.rglob("*") if _belongs(path))
    return Starter(
        key=folder.name,
        title=told["title"],
        text=told["text"],
        topic=told["topic"],
        trigger=told["trigger"],
        event=told["event"].strip(),
        expect=json.loads(told["expect"]),
        expression=told.get("expression", ""),
        payload=told.get("payload", told["event"].strip()),
        environment=dict(told.get("environment", {})),
        settings={name: told[name] for name in SETTINGS if name in told},
        files=tuple(
            (name, FileContent(path.read_bytes(), name in executable))
            for path in paths
            for name in (path.relative_to(folder).as_posix(),)
        ),
    )
