"""`manage.py web`: the console's server alone; `--relay` serves what the gateway relays instead."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from runner.supervisor.exposure import check_exposure
from runner.supervisor.web import Role, web_command, web_environment


class Command(BaseCommand):
    """Becomes granian."""

    help = "Serve the console (or, with --relay, the relayed API) until SIGTERM or Ctrl-C"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Which of the two."""
        parser.add_argument(
            "--relay", action="store_true", help="serve the gateway's calls on the unix socket"
        )

    def handle(self, **options: Any) -> None:
        """Does not return."""
        role = Role.RELAY if options["relay"] else Role.CONSOLE
        for warning in check_exposure(settings.FUNCTORY):
            self.stderr.write(f"Warning: {warning}")
        command = web_command(settings.FUNCTORY, role)
        os.execve(command[0], command, {**os.environ, **web_environment(role)})  # noqa: S606
