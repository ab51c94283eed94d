"""`manage.py gateway`: runs the data plane in the foreground."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from runner.gateway.main import run


class Command(BaseCommand):
    """Invocations, function URLs, sandboxes."""

    help = "Run the gateway until SIGTERM or Ctrl-C"
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """Run."""
        run(settings.FUNCTORY)
