"""Alarms set, looked at, tried and deleted. The scheduler calls `look_at_due`; a worker tells the webhook."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from functions.alarm_policy import METRICS, Condition, check_condition, decide
from functions.errors import InvalidParameterValue, ResourceConflict
from functions.installation import vault
from functions.models import Alarm, AlarmChange, Function, Project
from functions.naming import check_title
from functions.queries import metrics
from functions.queries.metrics import MetricRange
from functions.queues import enqueue_alarm
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import AlarmState, NoticeStyle, Role

MOST_ALARMS = 500
LONGEST_ADDRESS = 2000
AT_ONCE = 50  # how many one look takes
EVERY_S = 30
# The newest minute is still being counted: calls that end in it are recorded a moment later.
SETTLE = timedelta(seconds=10)
KEPT_CHANGES = 200


@transaction.atomic
def create_alarm(
    *,
    acting: Principal,
    project: Project,
    function: Function | None,
    name: str,
    condition: Condition,
    webhook: str = "",
    style: str = NoticeStyle.JSON,
) -> Alarm:
    """An alarm; raises InvalidParameterValue with the field, and ResourceConflict for a name in use."""
    require(acting, Role.OPERATOR, project.pk)
    if Alarm.objects.filter(project=project).count() >= MOST_ALARMS:
        raise ResourceConflict(f"The project has {MOST_ALARMS} alarms already: delete one first.")
    checked = check_condition(condition)
    alarm = Alarm(
        project=project,
        function=function,
        name=check_title(name, "An alarm's name"),
        metric=checked.metric,
        comparison=checked.comparison,
        threshold=checked.threshold,
        period_s=checked.period_s,
        periods=checked.periods,
        datapoints=checked.datapoints,
        webhook=_sealed(webhook),
        style=NoticeStyle(style) if style in NoticeStyle.values else NoticeStyle.JSON,
        check_at=timezone.now(),
        changed_by_id=acting.user_id,
    )
    try:
        with transaction.atomic():
            alarm.save(force_insert=True)
    except IntegrityError:
        raise ResourceConflict(f"There is an alarm {name} already.", field="name") from None
    record(acting, "alarm.create", alarm, project_id=project.pk, after={"condition": checked.words()})
    return alarm


@transaction.atomic
def set_enabled(*, acting: Principal, alarm: Alarm, enabled: bool) -> None:
    """Look at it no more, or again."""
    require(acting, Role.OPERATOR, alarm.project_id)
    alarm.enabled, alarm.check_at = enabled, timezone.now() if enabled else None
    alarm.save(update_fields=["enabled", "check_at"])
    record(acting, "alarm.enable" if enabled else "alarm.disable", alarm, project_id=alarm.project_id)


@transaction.atomic
def delete_alarm(*, acting: Principal, alarm: Alarm) -> None:
    """With all that it has told."""
    require(acting, Role.OPERATOR, alarm.project_id)
    record(
        acting,
        "alarm.delete",
        alarm,
        project_id=alarm.project_id,
        before={"condition": alarm.condition.words()},
    )
    alarm.delete()


@transaction.atomic
def try_out(*, acting: Principal, alarm: Alarm) -> AlarmChange:
    """Tell the webhook as if it rang, and leave its state alone; raises ResourceConflict without a webhook."""
    require(acting, Role.OPERATOR, alarm.project_id)
    if not alarm.webhook:
        raise ResourceConflict("This alarm tells nobody: it has no webhook.")
    change = AlarmChange.objects.create(
        alarm=alarm,
        at=timezone.now(),
        before=alarm.state,
        after=AlarmState.ALARM,
        reason=f"A test by {acting.name}",
        is_test=True,
    )
    enqueue_alarm(change.pk)
    return change


def look_at_due(*, now: datetime) -> int:
    """Look at the alarms whose time has come; returns how many changed. Any number may call it: each look is
    claimed."""
    due = Alarm.objects.filter(check_at__lte=now, enabled=True).order_by("check_at")
    changed = 0
    for alarm_id, check_at in due.values_list("pk", "check_at")[:AT_ONCE]:
        later = now + timedelta(seconds=EVERY_S)
        if Alarm.objects.filter(pk=alarm_id, check_at=check_at).update(check_at=later):
            changed += _look(alarm_id, now)
    return changed


def note_delivery(*, change_id: UUID, trouble: str) -> None:
    """Whether the webhook has taken a change; "" if it has."""
    told_at = None if trouble else timezone.now()
    AlarmChange.objects.filter(pk=change_id).update(told_at=told_at, trouble=trouble[:256])


def values_of(alarm: Alarm, now: datetime) -> list[float | None]:
    """The metric in each of the alarm's periods, the oldest first. They end with the newest whole minute."""
    end = (now - SETTLE).replace(second=0, microsecond=0)
    chosen = MetricRange(
        project_id=alarm.project_id,
        start=end - timedelta(seconds=alarm.period_s * alarm.periods),
        end=end,
        function_id=alarm.function_id,
    )
    read = METRICS[alarm.metric].read
    return [read(numbers) for numbers in metrics.periods(chosen=chosen, period_s=alarm.period_s)]


def _look(alarm_id: UUID, now: datetime) -> bool:
    alarm = Alarm.objects.select_related("function").get(pk=alarm_id)
    if alarm.function is not None and alarm.function.deleted_at is not None:
        return False
    state, reason = decide(alarm.condition, values_of(alarm, now))
    with transaction.atomic():
        locked = Alarm.objects.select_for_update(of=("self",)).get(pk=alarm_id)
        before, locked.reason = locked.state, reason[:256]
        if before == state:
            locked.save(update_fields=["reason"])
            return False
        locked.state, locked.state_since = state, now
        locked.save(update_fields=["state", "state_since", "reason"])
        change = AlarmChange.objects.create(
            alarm=locked, at=now, before=before, after=state, reason=reason[:256]
        )
        _forget_old(locked)
        # The first look at a quiet function is no news.
        if locked.webhook and AlarmState.ALARM in (before, state):
            enqueue_alarm(change.pk)
    return True


def _forget_old(alarm: Alarm) -> None:
    kept = list(alarm.changes.order_by("-at").values_list("pk", flat=True)[:KEPT_CHANGES])
    if len(kept) == KEPT_CHANGES:
        alarm.changes.exclude(pk__in=kept).delete()


def _sealed(address: str) -> bytes:
    if not address:
        return b""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(address) > LONGEST_ADDRESS:
        raise InvalidParameterValue("An address that begins with https:// or http://.", field="webhook")
    return vault().seal(address)
