"""The job that makes the images of a runtime that was chosen for the first time, and what a deployment does when
they are missing. Tells how far it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from functions import image_states
from functions.image_states import ImageState
from functions.runtimes import runtime
from runner.images.catalog import ensure_images, missing_images
from runner.images.engine import ImageEngine
from runner.images.errors import ImageError

_TOLD_EVERY_S = 1.0
log = logging.getLogger("functory.images")


def run(identifier: str) -> None:
    """Make what is missing for a runtime; why it failed is told and logged."""
    try:
        make(identifier, lambda line: log.info("%s: %s", identifier, line.strip()))
    except ImageError as error:
        log.warning("no image for %s: %s", identifier, error)


def are_missing(identifier: str) -> bool:
    """Whether something has to be made before functions of a runtime can be built and run; raises ImageError."""
    with ImageEngine(settings.FUNCTORY.docker_socket) as engine:
        return bool(missing_images(engine, [runtime(identifier).image]))


def make(identifier: str, on_line: Callable[[str], None]) -> None:
    """Make what is missing for a runtime; quick if nothing is. Raises ImageError."""
    config = settings.FUNCTORY
    image_states.tell(identifier, ImageState.MAKING)
    try:
        ensure_images(
            ToldProgress(identifier, on_line),
            docker_socket=config.docker_socket,
            launcher_path=config.home / "bin" / "launcher",
            runtimes=[runtime(identifier).image],
        )
    except ImageError as error:
        image_states.tell(identifier, ImageState.FAILED, str(error))
        raise
    image_states.tell(identifier, ImageState.READY)


class ToldProgress:
    """Implements runner.images.progress.Progress: lines for a log, and the latest step for pages."""

    def __init__(self, identifier: str, on_line: Callable[[str], None]) -> None:
        self._identifier = identifier
        self._on_line = on_line
        self._step = ""
        self._told = 0.0

    def note(self, text: str) -> None:
        """One line."""
        self._on_line(text.strip())

    def detail(self, text: str) -> None:
        """Told at most once a second: a build says hundreds of lines."""
        now = time.monotonic()
        if now - self._told > _TOLD_EVERY_S:
            self._told = now
            image_states.tell(self._identifier, ImageState.MAKING, f"{self._step}: {text.strip()}"[:300])

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A line at the start and one at the end."""
        began, self._step = time.monotonic(), name
        image_states.tell(self._identifier, ImageState.MAKING, name)
        self._on_line(f"{name} ...")
        yield
        self._on_line(f"{name}: {time.monotonic() - began:.1f} s")
