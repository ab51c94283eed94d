"""Log groups and streams made and removed, and how long logs are kept. What is in them is services.log_events'."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone

from functions.errors import InvalidParameter, ResourceAlreadyExists, ResourceNotFound
from functions.installation import region_of
from functions.log_streams import read_stream
from functions.models import LogGroup, LogStream, Project
from functions.naming import check_tags
from functions.queries.log_groups import Group, find_group, logs_of
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


def create_group(
    *, acting: Principal, project: Project, name: str, tags: Mapping[str, str] | None = None
) -> LogGroup:
    """A group; a function's own can be made until something was logged. Raises ResourceAlreadyExists."""
    require(acting, Role.DEVELOPER, project.pk)
    region = region_of(acting)
    found = find_group(project, region, name)
    if found is not None and ((found.row and not found.row.dropped) or logs_of(found).exists()):
        raise ResourceAlreadyExists("The specified log group already exists")
    row = _row_of(project, region, name)
    row.dropped, row.tags, row.created_at = False, check_tags(tags or {}), timezone.now()
    row.save(update_fields=["dropped", "tags", "created_at"])
    record(acting, "log_group.create", row, project_id=project.pk, name=name)
    return row


def delete_group(*, acting: Principal, group: Group) -> None:
    """A group with all that is in it. A function's logs are out of sight at once, and removed by housekeeping."""
    require(acting, Role.DEVELOPER, group.project.pk)
    if not group.function_ids:
        assert group.row is not None  # what is neither made nor a function's is not found
        record(acting, "log_group.delete", group.row, project_id=group.project.pk, name=group.name)
        group.row.delete()
        return
    row = _row_of(group.project, group.region, group.name)
    with transaction.atomic(using="telemetry"):
        row.streams.all().delete()
        row.dropped, row.cleared_at, row.retention_days, row.tags = True, timezone.now(), None, {}
        row.save()
    record(acting, "log_group.delete", row, project_id=group.project.pk, name=group.name)


def set_retention(*, acting: Principal, group: Group, days: int | None) -> None:
    """How long it is kept; None for as long as the installation keeps logs. Raises InvalidParameter."""
    require(acting, Role.DEVELOPER, group.project.pk)
    if days is not None and days not in RETENTION_DAYS:
        raise InvalidParameter(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member "
            f"must satisfy enum value set: [{', '.join(map(str, RETENTION_DAYS))}]"
        )
    row = _row_of(group.project, group.region, group.name)
    before, row.retention_days = row.retention_days, days
    row.save(update_fields=["retention_days"])
    pictures = {"before": {"days": before}, "after": {"days": days}}
    record(acting, "log_group.retention", row, project_id=group.project.pk, name=group.name, **pictures)


def set_group_tags(*, acting: Principal, group: Group, tags: Mapping[str, str]) -> None:
    """All its tags."""
    require(acting, Role.DEVELOPER, group.project.pk)
    row = _row_of(group.project, group.region, group.name)
    row.tags = check_tags(tags)
    row.save(update_fields=["tags"])
    record(acting, "log_group.tag", row, project_id=group.project.pk, name=group.name, after=row.tags)


def create_stream(*, acting: Principal, group: Group, name: str) -> LogStream:
    """A stream; raises ResourceAlreadyExists."""
    require(acting, Role.DEVELOPER, group.project.pk)
    try:
        with transaction.atomic(using="telemetry"):
            return LogStream.objects.create(group=_row_of(group.project, group.region, group.name), name=name)
    except IntegrityError:
        raise ResourceAlreadyExists("The specified log stream already exists") from None


def delete_stream(*, acting: Principal, group: Group, name: str) -> None:
    """A stream with its events; raises ResourceNotFound. A function's own go with its group only."""
    require(acting, Role.DEVELOPER, group.project.pk)
    row = LogStream.objects.filter(group=group.row, name=name).first() if group.row else None
    if row is None and group.function_ids and read_stream(name):
        raise InvalidParameter("A function's own streams cannot be deleted one by one: delete its log group.")
    if row is None:
        raise ResourceNotFound("The specified log stream does not exist.")
    record(acting, "log_stream.delete", row, project_id=group.project.pk, name=f"{group.name}:{name}")
    row.delete()


def _row_of(project: Project, region: str, name: str) -> LogGroup:
    """The row that says something of a group; made where nobody has said anything so far."""
    row, _ = LogGroup.objects.get_or_create(project_id=project.pk, region=region, name=name)
    return row
