"""`manage.py worker`: runs queued work, as root, since artifacts are root's."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from functions.queues import DEPLOYS, EVENTS, HOUSEKEEPING
from runner.jobs.worker import run

QUEUES = (DEPLOYS, EVENTS, HOUSEKEEPING)


class Command(BaseCommand):
    """One process; start several, see runner.jobs.worker.shares."""

    help = "Run deploys, asynchronous events and housekeeping"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """`--queues`: which ones, those named first come first."""
        parser.add_argument("--queues", default=",".join(QUEUES), help="names separated by commas")

    def handle(self, **options: Any) -> None:
        """Run until told to stop."""
        names = [name.strip() for name in options["queues"].split(",") if name.strip()]
        unknown = sorted(set(names) - set(QUEUES))
        if unknown or not names:
            raise CommandError(f"--queues takes {', '.join(QUEUES)}; not {', '.join(unknown) or 'nothing'}")
        run(settings.FUNCTORY, names)
