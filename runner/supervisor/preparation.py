"""What is done once before the processes start: databases, static files, the first administrator. Runs inside
Django, as whoever started Functory."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections

from functions import image_states
from functions.config import Config
from functions.image_states import ImageState
from functions.models import Function
from functions.runtimes import RUNTIMES
from functions.services.people import ensure_first_administrator
from functions.services.runtime_images import want
from runner.images.catalog import missing_images
from runner.images.engine import ImageEngine
from runner.images.progress import Progress

DATABASES = ("default", "telemetry")


def migrate(progress: Progress) -> None:
    """Both databases; raises what Django raises."""
    for name in DATABASES:
        with progress.step(f"Database {name}"):
            call_command("migrate", database=name, interactive=False, verbosity=0)


def collect_static(config: Config, progress: Progress) -> None:
    """Compressed static files with hashed names, made anew only if a source has changed."""
    stamp, wanted = config.home / "static" / ".sources", sources_digest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    with progress.step("Static files"):
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(wanted)


def tell_images(config: Config) -> None:
    """Say of every runtime whether its images are there: an engine may have lost some, or the recipe changed. Those
    that functions use are made anew in the background, by the first worker. Needs the database."""
    live = Function.objects.filter(deleted_at=None)
    used = set(live.values_list("draft__runtime", flat=True))
    with ImageEngine(config.docker_socket) as engine:
        for row in RUNTIMES.values():
            absent = missing_images(engine, [row.image])
            image_states.tell(row.identifier, ImageState.ABSENT if absent else ImageState.READY)
            if absent and row.identifier in used:
                want(identifier=row.identifier)


def first_administrator() -> tuple[str, str] | None:
    """Name and one-time password, if somebody had to be made; the connections are closed afterwards."""
    made = ensure_first_administrator()
    connections.close_all()
    return made


def sources_digest() -> str:
    """Of every static file's name, size and time."""
    state = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: str(found[0])):
            status = Path(storage.path(path)).stat()
            state.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return state.hexdigest()
