"""Part of housekeeping: what broken work left of buckets."""

from __future__ import annotations

import logging

from django.utils import timezone

from functions.services import object_sweep

log = logging.getLogger("functory.housekeeping")


def tidy_buckets() -> None:
    """Abort uploads that nobody completed, and remove files that no row names."""
    now = timezone.now()
    if aborted := object_sweep.abort_old_uploads(now=now):
        log.info("aborted %d uploads that nobody completed", aborted)
    if removed := object_sweep.remove_unnamed_files(now=now):
        log.info("removed %d files that no object names", removed)
