"""What a runtime's own folder says about building: runner/runtimes/<folder>/build.toml. Reads files, runs nothing."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from runner.images import recipes


class BuildFileError(ValueError):
    """A build.toml that names no tool or command."""


@dataclass(frozen=True, slots=True)
class FolderBuild:
    """`command` runs in the builder, with the package at /source (read-only) and the result at /build/out. It runs
    when the package has a file that `wanted` (shell patterns) fits; the result depends on the files that
    `manifests` fits, which default to all. `compiles` says that the function cannot run without it, so it is done
    for packages that an API client sends as well. `cache` gives the command a folder of the function's own that
    is kept. `question` prints the addresses that the tool uses by default."""

    tool: str
    command: tuple[str, ...]
    wanted: tuple[str, ...]
    manifests: tuple[str, ...] = ("*",)
    compiles: bool = False
    cache: bool = False
    question: tuple[str, ...] = ()


@lru_cache(maxsize=32)
def folder_build(folder: str, root: Path | None = None) -> FolderBuild:
    """The build of a runtime's folder; raises BuildFileError."""
    told = tomllib.loads(((root or recipes.RUNTIMES) / folder / "build.toml").read_text())
    try:
        return FolderBuild(
            tool=told["tool"],
            command=tuple(told["command"]),
            wanted=tuple(told["wanted"]),
            manifests=tuple(told.get("manifests", ("*",))),
            compiles=told.get("compiles", False),
            cache=told.get("cache", False),
            question=tuple(told.get("question", ())),
        )
    except KeyError as error:
        raise BuildFileError(f"{folder}/build.toml lacks {error}") from None
