"""`manage.py scheduler`: claims what is due and enqueues it."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from functions.queues import connection
from runner.scheduler import Scheduler


class Command(BaseCommand):
    """One is enough; more do no harm."""

    help = "Fire schedules and wake workers for due events"
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """Run until told to stop."""
        scheduler = Scheduler(connection())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: scheduler.stopping.set())
        scheduler.run()
