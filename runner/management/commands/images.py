"""`manage.py images`: makes the container images that are missing; `--list` shows their names."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from runner.images.catalog import ensure_images, recipes
from runner.images.errors import ImageError
from runner.images.progress import progress_for
from runner.images.recipes import base_reference


class Command(BaseCommand):
    """Builds only what changed."""

    help = "Make the container images that are missing"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """`--list` only names them."""
        parser.add_argument("--list", action="store_true", help="name the images and stop")

    def handle(self, **options: Any) -> None:
        """Build or list; an error is one message."""
        if options["list"]:
            for reference in (base_reference(), *(recipe.reference for recipe in recipes())):
                self.stdout.write(reference)
            return
        config = settings.FUNCTORY
        try:
            ensure_images(
                progress_for(),
                docker_socket=config.docker_socket,
                launcher_path=config.home / "bin" / "launcher",
            )
        except ImageError as error:
            raise CommandError(str(error)) from error
