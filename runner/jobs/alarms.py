"""The job that tells an alarm's webhook of a change. Why it was not told is on the alarm's page."""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings

from functions.installation import vault
from functions.models import AlarmChange
from functions.services.alarms import note_delivery
from functions.states import AlarmState, NoticeStyle

TRIES = 3
PAUSE_S = 2.0
PATIENCE_S = 10.0
log = logging.getLogger("functory.alarms")


def run(change_id: str) -> None:
    """Tell it, three times at most."""
    rows = AlarmChange.objects.select_related("alarm__project", "alarm__function")
    change = rows.filter(pk=UUID(change_id), told_at=None).first()
    if change is None or not change.alarm.webhook:
        return
    trouble = ""
    for left in reversed(range(TRIES)):
        trouble = _send(vault().unseal(change.alarm.webhook), notice(change))
        if not trouble:
            break
        if left:
            time.sleep(PAUSE_S)
    if trouble:
        log.warning("alarm %s could not tell of its change: %s", change.alarm_id, trouble)
    note_delivery(change_id=change.pk, trouble=trouble)


def notice(change: AlarmChange) -> dict[str, Any]:
    """What the webhook gets: CloudWatch's members in JSON, or one text."""
    alarm = change.alarm
    headline = f"{alarm.name}: {AlarmState(change.after).label}"
    test = " (a test)" if change.is_test else ""
    told = f"{headline}{test}. {alarm.subject}: {alarm.condition.words()}. {change.reason}"
    if alarm.style == NoticeStyle.SLACK:
        return {"text": told}
    return {
        "AlarmName": alarm.name,
        "AWSAccountId": alarm.project.account,
        "NewStateValue": change.after,
        "OldStateValue": change.before,
        "NewStateReason": change.reason,
        "StateChangeTime": change.at.isoformat(),
        "FunctionName": alarm.function.name if alarm.function else None,
        "Condition": alarm.condition.words(),
        "Test": change.is_test,
        "Link": f"{settings.FUNCTORY.console_public_url}/p/{alarm.project.account}/alarms/{alarm.pk}",
    }


def _send(address: str, content: dict[str, Any]) -> str:
    """Why it was not taken, "" if it was. Never with the address, which may hold a token."""
    try:
        answer = httpx.post(address, json=content, timeout=PATIENCE_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"The webhook does not answer ({type(error).__name__})."
    return "" if answer.is_success else f"The webhook answered {answer.status_code}."
