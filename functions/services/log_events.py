"""Events that programs put into log streams, by CloudWatch Logs' rules; and the removal of what is kept no longer."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from functions.errors import InvalidParameter, ResourceNotFound
from functions.models import Function, InvocationLog, LogEvent, LogGroup, LogStream, Project
from functions.naming import plain_text
from functions.queries.log_groups import Group, find_group, stream_named
from functions.services.guard import require
from functions.snapshots import Principal
from functions.states import Role

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
LARGEST_BATCH = 1_048_576
LARGEST_EVENT = 1_048_576 - 26
OVERHEAD = 26
LONGEST_SPAN_MS = 24 * 3600 * 1000
OLDEST = timedelta(days=14)
NEWEST = timedelta(hours=2)
STEP = 500
PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Rejected:
    """Which events of a batch were not taken, by their position; None where there are none."""

    too_new_from: int | None = None
    too_old_to: int | None = None
    expired_to: int | None = None


def put_events(
    *, acting: Principal, group: Group, stream: str, events: Sequence[Mapping[str, Any]]
) -> Rejected:
    """Store a batch of `{"timestamp", "message"}` in order of time; raises InvalidParameter for a batch that AWS
    does not take either, and ResourceNotFound. Not a change by anybody: no audit entry."""
    require(acting, Role.DEVELOPER, group.project.pk)
    found = stream_named(group, stream)
    if found is None:
        raise ResourceNotFound("The specified log stream does not exist.")
    _check_batch(events)
    now = timezone.now()
    newest, oldest = _ms(now + NEWEST), _ms(now - OLDEST)
    kept_from = _ms(group.oldest) if group.oldest else 0
    first = sum(event["timestamp"] < max(oldest, kept_from) for event in events)
    last = sum(event["timestamp"] <= newest for event in events)
    _store(found, events[first:last])
    too_old = sum(event["timestamp"] < oldest for event in events)
    return Rejected(
        too_new_from=last if last < len(events) else None,
        too_old_to=too_old or None,
        expired_to=first if first > too_old else None,
    )


def expire_events(*, days: int, limit_s: float = 60.0) -> int:
    """Remove events and function logs older than their group keeps them (everything at least after `days`, the
    installation's own time), or cleared; how many rows went. The next round takes what is left."""
    until = time.monotonic() + limit_s
    oldest = timezone.now() - timedelta(days=days)
    removed = _remove(LogEvent.objects.filter(put_at__lt=oldest), until)
    kept = LogGroup.objects.exclude(retention_days=None, cleared_at=None)
    projects = Project.objects.in_bulk(set(kept.values_list("project_id", flat=True)))
    for row in kept:
        project = projects.get(row.project_id)
        group = find_group(project, row.region, row.name) if project else None
        group = group or _dropped(row, projects)
        if group is not None and group.oldest is not None:
            removed += _remove(LogEvent.objects.filter(group=row, at_ms__lt=_ms(group.oldest)), until)
            logs = InvocationLog.objects.filter(function_id__in=group.function_ids, at__lt=group.oldest)
            removed += _remove(logs, until)
    return removed


def _dropped(row: LogGroup, projects: Mapping[UUID, Project]) -> Group | None:
    """A function's group that is deleted: its logs are still to be removed."""
    project = projects.get(row.project_id)
    if project is None:
        return None
    name = row.name.rpartition("/")[2]
    ids = Function.objects.filter(project=project, region=row.region, name=name).values_list("pk", flat=True)
    return Group(project, row.region, row.name, row.created_at, row, tuple(ids))


def _remove(rows: QuerySet[Any], until: float) -> int:
    """In small steps, so that the recorder comes in between, and without reading what is removed."""
    removed = 0
    while time.monotonic() < until:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:STEP])
        if not keys:
            break
        model: type[Model] = rows.model
        doomed = model._default_manager.filter(pk__in=keys)
        with transaction.atomic(using="telemetry"):
            doomed._raw_delete(doomed.db)
        removed += len(keys)
        time.sleep(PAUSE_S)
    return removed


def _check_batch(events: Sequence[Mapping[str, Any]]) -> None:
    times = [event["timestamp"] for event in events]
    sizes = [len(event["message"].encode("utf-8", "replace")) + OVERHEAD for event in events]
    if sum(sizes) > LARGEST_BATCH:
        raise InvalidParameter(f"Upload too large: {sum(sizes)} bytes exceeds limit of {LARGEST_BATCH}")
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InvalidParameter("Log events in a single PutLogEvents request must be in chronological order.")
    if times[-1] - times[0] > LONGEST_SPAN_MS:
        raise InvalidParameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )


def _store(stream: LogStream, events: Iterable[Mapping[str, Any]]) -> None:
    now = timezone.now()
    rows = [
        LogEvent(
            group_id=stream.group_id,
            stream=stream,
            at_ms=event["timestamp"],
            put_at=now,
            message=plain_text(event["message"], LARGEST_EVENT),
        )
        for event in events
    ]
    if not rows:
        return
    with transaction.atomic(using="telemetry"):
        LogEvent.objects.bulk_create(rows)
        held = LogStream.objects.select_for_update().get(pk=stream.pk)
        first, last = rows[0].at_ms, rows[-1].at_ms
        held.first_ms = first if held.first_ms is None else min(held.first_ms, first)
        held.last_ms = last if held.last_ms is None else max(held.last_ms, last)
        held.put_at = now
        held.save(update_fields=["first_ms", "last_ms", "put_at"])


def _ms(moment: Any) -> int:
    return int(moment.timestamp() * 1000)
