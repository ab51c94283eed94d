"""`manage.py up`: everything in the foreground, under one supervisor."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from runner.host.machine import look
from runner.supervisor.errors import UpError
from runner.supervisor.main import up


class Command(BaseCommand):
    """Runs until Ctrl-C."""

    help = "Prepare this installation and run all of its processes until Ctrl-C"
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """An error that keeps it from starting is one message."""
        try:
            up(settings.FUNCTORY, has_systemd=look().has_systemd)
        except UpError as error:
            raise CommandError(str(error)) from error
