"""`manage.py images [RUNTIME ...]`: makes the container images that are missing, or with `--rebuild` all that are
there anew; `--list` shows their names."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from functions.config import Config
from functions.errors import InvalidParameterValue
from functions.runtimes import RUNTIMES, runtime
from runner.images.catalog import bases, ensure_images, rebuild_images, recipes
from runner.images.errors import ImageError
from runner.images.progress import progress_for


class Command(BaseCommand):
    """Builds only what changed."""

    help = "Make the container images that are missing"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Without names: those of every start. `--list` only names them."""
        parser.add_argument("runtimes", nargs="*", help="such as java21; all of them with --all")
        parser.add_argument("--all", action="store_true", help="every runtime's")
        parser.add_argument(
            "--rebuild", action="store_true", help="make what is there anew, for security updates"
        )
        parser.add_argument("--list", action="store_true", help="name the images and stop")

    def handle(self, **options: Any) -> None:
        """Build or list; an error is one message."""
        if options["list"]:
            wanted = recipes()
            for reference in (*bases(wanted), *(recipe.reference for recipe in wanted)):
                self.stdout.write(reference)
            return
        config = settings.FUNCTORY
        if options["rebuild"]:
            self._rebuild(config, [runtime(name).image for name in options["runtimes"]])
            return
        try:
            chosen = [runtime(name).image for name in options["runtimes"]]
            ensure_images(
                progress_for(),
                docker_socket=config.docker_socket,
                launcher_path=config.home / "bin" / "launcher",
                runtimes=[row.image for row in RUNTIMES.values()] if options["all"] else chosen or None,
            )
        except (ImageError, InvalidParameterValue) as error:
            raise CommandError(str(error)) from error

    def _rebuild(self, config: Config, chosen: list[str]) -> None:
        try:
            count = rebuild_images(
                progress_for(),
                docker_socket=config.docker_socket,
                launcher_path=config.home / "bin" / "launcher",
                runtimes=chosen or None,
            )
        except ImageError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{count} images are made anew. A gateway that runs moves its sandboxes over by itself."
        )
