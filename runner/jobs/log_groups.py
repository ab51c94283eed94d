"""Part of housekeeping: what log groups keep no longer."""

from __future__ import annotations

import logging

from django.conf import settings

from functions.services.log_events import expire_events

log = logging.getLogger("functory.housekeeping")


def expire_log_groups() -> None:
    """Remove events and logs that their group does not keep any more."""
    if removed := expire_events(days=settings.FUNCTORY.retention_days):
        log.info("removed %d old log events", removed)
