"""`manage.py recorder`: stores what the gateway and the scheduler sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from runner.priority import step_back
from runner.recorder.main import build, run

NICE = 10


class Command(BaseCommand):
    """One recorder is enough; others may run beside it under names of their own."""

    help = "Store finished invocations and accepted events"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """`--name`: what a recorder took and did not store is taken up by the next one of its name."""
        parser.add_argument("--name", default="main", help="its name among recorders")

    def handle(self, **options: Any) -> None:
        """Run until told to stop. Calls come first: on a machine without a processor to spare records wait in the
        journal, whose backlog is bounded and shown."""
        step_back(NICE)
        run(build(settings.FUNCTORY, str(options["name"])))
