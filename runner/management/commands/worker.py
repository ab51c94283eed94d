"""`manage.py worker`: runs queued work, as root, since artifacts are root's."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from runner.worker import ALL_QUEUES, work


class Command(BaseCommand):
    """One process; start several, see runner.supervisor.plan.worker_queues."""

    help = "Run deploys, asynchronous events and housekeeping"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """`--queues`: which ones, those named first come first."""
        parser.add_argument("--queues", default=",".join(ALL_QUEUES), help="names separated by commas")

    def handle(self, **options: Any) -> None:
        """Run until told to stop."""
        names = [name.strip() for name in options["queues"].split(",") if name.strip()]
        unknown = sorted(set(names) - set(ALL_QUEUES))
        if unknown or not names:
            raise CommandError(
                f"--queues takes {', '.join(ALL_QUEUES)}; not {', '.join(unknown) or 'nothing'}"
            )
        work(settings.FUNCTORY, names)
