"""The jobs that make images: those of a runtime that was chosen for the first time, and all of them anew. Tell how
far they are, also to the deployments that wait, and wake these afterwards."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from functions import image_states, queues
from functions.image_states import REBUILD, ImageState
from functions.queries.deployments import awaiting_images
from functions.runtimes import runtime
from functions.services import deploys
from functions.services.image_packages import unused_images
from runner.images.catalog import ensure_images, missing_images, rebuild_images
from runner.images.engine import ImageEngine
from runner.images.errors import ImageError
from runner.images.users import UserImages
from runner.jobs.live_log import watched

_TOLD_EVERY_S = 1.0
log = logging.getLogger("functory.images")


def run(identifier: str) -> None:
    """Make what is missing for a runtime; why it failed is told and logged. Deployments that wait for it see what is
    done, and go on or end afterwards."""
    try:
        watched(lambda on_line: make(identifier, on_line), lambda text: _tell_waiting(identifier, text))
    except ImageError as error:
        log.warning("no image for %s: %s", identifier, error)
    for deployment_id in awaiting_images(identifier):
        queues.enqueue_deploy(deployment_id, again=time.time_ns())


def rebuild() -> None:
    """Make every image anew that there is; how far that is, and why it failed, is told and logged. Sandboxes move
    over by themselves: the gateway sees it."""
    config = settings.FUNCTORY
    image_states.tell(REBUILD, ImageState.MAKING)
    try:
        count = rebuild_images(
            ToldProgress(REBUILD, lambda line: log.info("%s", line.strip())),
            docker_socket=config.docker_socket,
            launcher_path=config.home / "bin" / "launcher",
        )
    except ImageError as error:
        log.warning("the images could not be made anew: %s", error)
        image_states.tell(REBUILD, ImageState.FAILED, str(error))
    else:
        image_states.tell(REBUILD, ImageState.READY, f"{count} images")


def tidy() -> None:
    """Images that were replaced go once nothing runs in them, and users' images are no longer held for versions that
    are gone; none of theirs is removed."""
    config = settings.FUNCTORY
    try:
        with ImageEngine(config.docker_socket) as engine:
            engine.discard_retired()
        with UserImages(config.docker_socket) as images:
            unused = unused_images(images.kept(config.instance))
            released = [digits for digits in unused if images.release(digits, config.instance)]
    except ImageError as error:
        log.warning("%s", error)
    else:
        if released:
            log.info("%d images are no longer held", len(released))


def _tell_waiting(identifier: str, text: str) -> None:
    for deployment_id in awaiting_images(identifier):
        deploys.append_log(deployment_id, text)


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
