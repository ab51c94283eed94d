"""`manage.py gateway`: runs the data plane in the foreground."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from runner.gateway.main import run

SWITCH_S = 0.0005
KEEP_CONNECTION_S = 600


class Command(BaseCommand):
    """Invocations, function URLs, sandboxes."""

    help = "Run the gateway until SIGTERM or Ctrl-C"
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """Run. Threads that speak to engine and databases give way to the loop soon, and keep their connections:
        to open SQLite anew costs a first call more than what it reads."""
        sys.setswitchinterval(SWITCH_S)
        for database in connections.settings.values():
            database["CONN_MAX_AGE"] = KEEP_CONNECTION_S
        run(settings.FUNCTORY)
