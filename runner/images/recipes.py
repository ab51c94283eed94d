"""What each image is made from, read from the folders, and the hash that names it. Only reads files; knows
no engine. The host's certificates are not part of a recipe: no image keeps them."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUNTIMES = HERE.parent / "runtimes"
LAUNCHER = HERE.parent / "sandbox" / "launcher"
SUITE = "trixie"
BASE = "functory/base"
# Changed by hand when the base image has to be made anew on every machine.
BASE_EDITION = "1"
_NOT_BAKED = {"Dockerfile", "images.toml", "build.toml", "builder", "starters", "__pycache__", "README.md"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was when the recipe was read: name and contents of an image must not come apart."""

    content: bytes
    executable: bool = False

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        """Contents and the one bit of the mode that counts."""
        return cls(path.read_bytes(), bool(path.stat().st_mode & 0o100))


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: the files of its build context, the stage that becomes it, and the images it starts from
    (build argument -> reference)."""

    name: str
    files: Mapping[str, SourceFile]
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    starts_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Sixteen hex digits over everything that the image depends on."""
        state = hashlib.sha256()
        for part in (
            self.name,
            self.target,
            sorted(self.arguments.items()),
            sorted(self.starts_from.items()),
        ):
            state.update(repr(part).encode())
        for path, source in sorted(self.files.items()):
            state.update(f"{path}\0{source.executable}\0".encode())
            state.update(hashlib.sha256(source.content).digest())
        return state.hexdigest()[:16]

    @property
    def reference(self) -> str:
        """The image's name and tag."""
        return f"functory/{self.name}:{self.digest}"


def base_reference(suite: str = SUITE) -> str:
    """The name and tag under which the base of a Debian suite is kept, pulled or made."""
    return f"{BASE}:{suite}-{BASE_EDITION}"


def suite_of(reference: str) -> str:
    """The suite of a base image's name; "" for any other image."""
    name, _, tag = reference.partition(":")
    return tag.removesuffix(f"-{BASE_EDITION}") if name == BASE else ""


def toolchain_recipe(suite: str = SUITE) -> Recipe:
    """Compilers, Python and pip: what builder images and fetch stages start from."""
    name = "toolchain" if suite == SUITE else f"toolchain-{suite}"
    return Recipe(name, _shared(HERE / "toolchain"), starts_from={"BASE": base_reference(suite)})


def launcher_recipe() -> Recipe:
    """The static programs that sandboxes mount: every one's first process, and what waits in images of users."""
    sources = {
        "Dockerfile": HERE / "launcher" / "Dockerfile",
        "source/launcher.c": LAUNCHER / "launcher.c",
        "source/wait.c": RUNTIMES / "provided" / "wait.c",
    }
    files = {name: SourceFile.read(path) for name, path in sources.items()}
    return Recipe("launcher", files, starts_from={"TOOLCHAIN": toolchain_recipe().reference})


@dataclass(frozen=True, slots=True)
class RuntimeImages:
    """The images of a runtime: where functions run and, if its language has packages, where these are made.
    All of them are of one Debian suite."""

    name: str
    runtimes: tuple[str, ...]
    runtime: Recipe
    builder: Recipe | None
    suite: str = SUITE

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """All that has to be there, each after what it starts from."""
        own = (self.runtime, self.builder) if self.builder else (self.runtime,)
        return (toolchain_recipe(self.suite), *own)


def runtime_images(folder: Path | None = None) -> list[RuntimeImages]:
    """Every image that the runtime folders describe, in order of name."""
    folder = folder or RUNTIMES
    rows = [
        (recipe_file.parent, name, row)
        for recipe_file in sorted(folder.glob("*/images.toml"))
        for name, row in tomllib.loads(recipe_file.read_text())["images"].items()
    ]
    own = {name: _images(place, name, row) for place, name, row in rows if "runs_in" not in row}
    shared = [
        replace(_images(place, name, row), runtime=own[row["runs_in"]].runtime)
        for place, name, row in rows
        if "runs_in" in row
    ]
    return sorted((*own.values(), *shared), key=lambda images: images.name)


def _images(folder: Path, name: str, row: Mapping[str, object]) -> RuntimeImages:
    arguments = row.get("arguments", {})
    runtimes = row.get("runtimes", [name])
    suite = str(row.get("suite", SUITE))
    assert isinstance(arguments, dict) and isinstance(runtimes, list)
    starts_from = {"BASE": base_reference(suite), "TOOLCHAIN": toolchain_recipe(suite).reference}
    files = _shared(folder) | _for_builder(folder) | _baked(folder)
    runtime = Recipe(name, files, "runtime", arguments, starts_from)
    has_builder = " AS builder" in (folder / "Dockerfile").read_text()
    builder = Recipe(
        f"builder-{name}", _shared(folder) | _for_builder(folder), "builder", arguments, starts_from
    )
    return RuntimeImages(name, tuple(runtimes), runtime, builder if has_builder else None, suite)


def _shared(folder: Path) -> dict[str, SourceFile]:
    """The Dockerfile, and the two scripts that every build stage may use."""
    scripts = {f"build/{name}": SourceFile.read(HERE / "shared" / name) for name in ("install", "finish")}
    return {"Dockerfile": SourceFile.read(folder / "Dockerfile"), **scripts}


def _for_builder(folder: Path) -> dict[str, SourceFile]:
    """What builds functions of this language, beside the tools themselves."""
    files = (path for path in sorted((folder / "builder").rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): SourceFile.read(path) for path in files}


def _baked(folder: Path) -> dict[str, SourceFile]:
    """The bootstrap and what it needs: all files of the folder but those that only describe it."""
    return {f"runtime/{path.relative_to(folder)}": SourceFile.read(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _NOT_BAKED & set(path.relative_to(folder).parts):
            yield path
