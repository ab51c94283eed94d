"""Part of housekeeping: short-lived keys that are long over."""

from __future__ import annotations

import logging

from functions.services import sessions

log = logging.getLogger("functory.housekeeping")


def discard_sessions() -> None:
    """Remove those that have been over for a day."""
    if removed := sessions.discard_sessions():
        log.info("removed %d short-lived keys", removed)
