"""Which image a runtime has, by name alone (no engine is asked), and the one call that makes all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from runner.images import launcher
from runner.images.base import ensure_base
from runner.images.engine import ImageEngine, pack
from runner.images.errors import ImageError
from runner.images.progress import Progress
from runner.images.recipes import (
    Recipe,
    RuntimeImages,
    SourceFile,
    base_reference,
    launcher_recipe,
    runtime_images,
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


def recipes() -> Iterator[Recipe]:
    """Every image after those that it starts from."""
    yield toolchain_recipe()
    yield launcher_recipe()
    for images in runtime_images():
        yield images.runtime
        if images.builder:
            yield images.builder


def missing_images(engine: ImageEngine) -> list[str]:
    """References of images that have to be made."""
    wanted = [base_reference(), *(recipe.reference for recipe in recipes())]
    return [reference for reference in wanted if not engine.has(reference)]


def ensure_images(progress: Progress, *, docker_socket: Path, launcher_path: Path) -> None:
    """Make what is missing and put the launcher in its place; quick if nothing changed. Raises ImageError."""
    with ImageEngine(docker_socket) as engine:
        if missing_images(engine):
            ensure_base(engine, progress)
            for recipe in recipes():
                _ensure(engine, recipe, progress)
        launcher.ensure_launcher(engine, launcher_recipe(), launcher_path)


def _ensure(engine: ImageEngine, recipe: Recipe, progress: Progress) -> None:
    if engine.has(recipe.reference):
        return
    with progress.step(f"Image {recipe.name}"):
        engine.build(
            pack({**recipe.files, "build/ca.crt": _certificates()}),
            recipe.reference,
            target=recipe.target,
            arguments={**recipe.arguments, **recipe.starts_from, **_from_host(os.environ)},
            labels={"functory.image": recipe.name, "functory.recipe": recipe.digest},
            progress=progress,
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
