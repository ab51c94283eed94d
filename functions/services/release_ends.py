"""The end of a release, whoever brings it about. Knows neither aliases' rules nor what is healthy."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from functions.models import Alias, Release
from functions.states import ReleaseState


def end(release: Release, state: ReleaseState, reason: str, now: datetime) -> None:
    """Note how it ended; the caller has moved the alias and records the change."""
    release.state, release.reason, release.ended_at, release.check_at = state, reason[:256], now, None
    release.save(update_fields=["state", "reason", "ended_at", "check_at"])


def supersede(alias: Alias, reason: str) -> None:
    """Somebody points the alias elsewhere: a release that is under way moves it no more."""
    running = Release.objects.select_for_update().filter(alias=alias, state=ReleaseState.RUNNING).first()
    if running is not None:
        end(running, ReleaseState.SUPERSEDED, reason, timezone.now())
