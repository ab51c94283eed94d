"""Which image a runtime has, by name alone (no engine is asked), and the one call that makes them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from functions.runtimes import RUNTIMES
from runner.images import launcher
from runner.images.base import ensure_base, make_base
from runner.images.engine import ImageEngine, pack
from runner.images.errors import ImageError
from runner.images.progress import Progress
from runner.images.recipes import (
    Recipe,
    RuntimeImages,
    SourceFile,
    launcher_recipe,
    runtime_images,
    suite_of,
    toolchain_recipe,
)
from runner.images.trust import host_ca_bundle, proxy_environment

_INDEX_VARIABLES = ("PIP_INDEX_URL",)


def image_reference(runtime: str) -> str:
    """The image in which functions of a runtime (its id, such as "nodejs24.x") run; raises ImageError."""
    return _images_of(runtime).runtime.reference


def builder_reference(runtime: str) -> str:
    """The image in which the packages of a runtime's functions are installed; raises ImageError."""
    builder = _images_of(runtime).builder
    if builder is None:
        raise ImageError(f"The runtime {runtime} has no packages to build")
    return builder.reference


def recipes(runtimes: Iterable[str] | None = None) -> list[Recipe]:
    """The images of some runtimes (None: of all), each after those that it starts from, and the launcher."""
    found = runtime_images() if runtimes is None else [_images_of(name) for name in runtimes]
    wanted = [toolchain_recipe(), launcher_recipe(), *(each for images in found for each in images.recipes)]
    return list({recipe.reference: recipe for recipe in wanted}.values())


def bases(wanted: Iterable[Recipe]) -> list[str]:
    """References of the bases that the images start from."""
    parents = (parent for recipe in wanted for parent in recipe.starts_from.values())
    return list(dict.fromkeys(parent for parent in parents if suite_of(parent)))


def missing_images(engine: ImageEngine, runtimes: Iterable[str] | None = None) -> list[str]:
    """References of images that have to be made."""
    wanted = recipes(runtimes)
    references = [*bases(wanted), *(recipe.reference for recipe in wanted)]
    return [reference for reference in references if not engine.has(reference)]


def eager_runtimes() -> list[str]:
    """The images that are made before Functory is ready."""
    return [row.image for row in RUNTIMES.values() if row.eager]


def ensure_images(
    progress: Progress, *, docker_socket: Path, launcher_path: Path, runtimes: Iterable[str] | None = None
) -> None:
    """Make what is missing of some runtimes (None: of those that are made at every start) and put the launcher in its
    place; quick if nothing changed. Raises ImageError."""
    names = eager_runtimes() if runtimes is None else list(runtimes)
    with ImageEngine(docker_socket) as engine:
        made = launcher.is_in_place(launcher_recipe(), launcher_path)
        if made and not missing_images(engine, names):
            return  # nobody waits for who makes others
        with _alone(launcher_path):
            _make(engine, recipes(names), progress)
            launcher.ensure_launcher(engine, launcher_recipe(), launcher_path)


def rebuild_images(
    progress: Progress, *, docker_socket: Path, launcher_path: Path, runtimes: Iterable[str] | None = None
) -> int:
    """Make images anew that are there, of some runtimes (None: of all), from what Debian and the registries have
    today; returns how many. Under their own names, one after the other: what fails stays as it was. Raises
    ImageError."""
    with ImageEngine(docker_socket) as engine, _alone(launcher_path):
        present = [recipe for recipe in recipes(runtimes) if engine.has(recipe.reference)]
        for base in bases(present):
            engine.retire(base)
            make_base(engine, progress, suite_of(base))
        for number, recipe in enumerate(present, 1):
            progress.note(f"{number} of {len(present)}: {recipe.name}")
            engine.retire(recipe.reference)
            _build(engine, recipe, progress, anew=True)
        launcher.ensure_launcher(engine, launcher_recipe(), launcher_path, anew=True)
        engine.discard_retired()
    return len(present)


def _make(engine: ImageEngine, wanted: list[Recipe], progress: Progress) -> None:
    absent = [recipe for recipe in wanted if not engine.has(recipe.reference)]
    for base in bases(absent):
        ensure_base(engine, progress, suite_of(base))
    for recipe in absent:
        _ensure(engine, recipe, progress)


@contextmanager
def _alone(launcher_path: Path) -> Iterator[None]:
    """One at a time on this installation: two who want the same image make it once."""
    launcher_path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (launcher_path.parent / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _ensure(engine: ImageEngine, recipe: Recipe, progress: Progress) -> None:
    if not engine.has(recipe.reference):
        _build(engine, recipe, progress)


def _build(engine: ImageEngine, recipe: Recipe, progress: Progress, *, anew: bool = False) -> None:
    with progress.step(f"Image {recipe.name}"):
        engine.build(
            pack({**recipe.files, "build/ca.crt": _certificates()}),
            recipe.reference,
            target=recipe.target,
            arguments={**recipe.arguments, **recipe.starts_from, **_from_host(os.environ)},
            labels={"functory.image": recipe.name, "functory.recipe": recipe.digest},
            progress=progress,
            anew=anew,
        )


def _from_host(environ: Mapping[str, str]) -> dict[str, str]:
    indexes = {name: environ[name] for name in _INDEX_VARIABLES if environ.get(name)}
    return {**proxy_environment(environ), **indexes}


def _certificates() -> SourceFile:
    bundle = host_ca_bundle()
    if bundle is None:
        raise ImageError("This host has no bundle of trusted certificates: apt-get install ca-certificates")
    return SourceFile.read(bundle)


def _images_of(runtime: str) -> RuntimeImages:
    images = _by_runtime().get(runtime)
    if images is None:
        raise ImageError(f"No folder of runner/runtimes describes an image for the runtime {runtime}")
    return images


@cache
def _by_runtime() -> dict[str, RuntimeImages]:
    """By id and by image name. Read once: a process that runs old code must not name new images."""
    found = runtime_images()
    return {name: images for images in found for name in (images.name, *images.runtimes)}
