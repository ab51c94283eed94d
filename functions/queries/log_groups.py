"""Log groups and streams: which there are. A function has its group from its first deploy on; everything else in a
group was made by somebody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from functions.errors import ResourceNotFound
from functions.log_streams import digest_of, function_of, group_of, read_stream, sandbox_of, stream_of
from functions.models import Function, Invocation, InvocationLog, LogGroup, LogStream, Project

# Streams of functions are gathered from their calls: one answer looks at no more of them than this.
STRETCH = 20_000


@dataclass(frozen=True, slots=True)
class Group:
    """A log group: `row` is what somebody made of it, `function_ids` whose logs it holds: the live function of that
    name, and deleted ones that can still be restored."""

    project: Project
    region: str
    name: str
    created_at: datetime
    row: LogGroup | None
    function_ids: tuple[UUID, ...] = ()

    @property
    def arn(self) -> str:
        """Without the `:*` at its end."""
        return f"arn:aws:logs:{self.region}:{self.project.account}:log-group:{self.name}"

    @property
    def oldest(self) -> datetime | None:
        """Before this nothing is there any more: cleared, or older than it is kept."""
        if self.row is None:
            return None
        kept = self.row.retention_days
        expired = timezone.now() - timedelta(days=kept) if kept else None
        return max((at for at in (self.row.cleared_at, expired) if at), default=None)


@dataclass(frozen=True, slots=True)
class Stream:
    """A log stream; times are Unix milliseconds, None while it is empty."""

    name: str
    created_ms: int
    first_ms: int | None = None
    last_ms: int | None = None
    put_ms: int | None = None


def group_named(project: Project, region: str, name: str) -> Group:
    """A region's group by name or ARN; raises ResourceNotFound."""
    found = find_group(project, region, name.rpartition(":log-group:")[2].removesuffix(":*"))
    if found is None:
        raise ResourceNotFound("The specified log group does not exist.")
    return found


def find_group(project: Project, region: str, name: str) -> Group | None:
    """The same, or None."""
    row = LogGroup.objects.filter(project_id=project.pk, region=region, name=name).first()
    return _group(project, region, name, row, _functions(project, region).filter(name=function_of(name)))


def group_page(
    project: Project, *, region: str, prefix: str, part: str, after: str, size: int
) -> tuple[list[Group], str]:
    """Groups by name that start with `prefix` and have `part` in them, from behind the name `after`; and the name
    behind which the next ones start, "" at the end."""
    found: list[Group] = []
    for name in sorted(_names(project, region)):
        if name <= after or not name.startswith(prefix) or part not in name:
            continue
        group = find_group(project, region, name)
        if group is not None and len(found) == size:
            return found, found[-1].name
        if group is not None:
            found.append(group)
    return found, ""


def stream_named(group: Group, name: str) -> LogStream | None:
    """A stream that somebody made."""
    return LogStream.objects.filter(group=group.row, name=name).first() if group.row else None


def sandboxes_of(group: Group, name: str) -> list[str]:
    """The sandboxes that a function's stream is of: one, unless it is no such stream."""
    stream = read_stream(name)
    if stream is None or not group.function_ids:
        return []
    rows = Invocation.objects.filter(
        function_id__in=group.function_ids,
        started_at__gte=max(stream.start, group.oldest or stream.start),
        started_at__lt=stream.end,
        version=stream.version,
    )
    told = sandbox_of(stream.digest)
    if told:
        return [told] if rows.filter(sandbox_id=told).exists() else []
    ids = rows.order_by().values_list("sandbox_id", flat=True).distinct()
    return [one for one in ids if digest_of(one) == stream.digest]


def streams(group: Group, prefix: str = "") -> list[Stream]:
    """The streams of a group: those that were made, and those of the latest STRETCH calls of its function."""
    made = LogStream.objects.filter(group=group.row) if group.row else LogStream.objects.none()
    found = {stream.name: _made(stream) for stream in made.filter(name__startswith=prefix)[:STRETCH]}
    for name, first, last in _of_calls(group, prefix):
        found.setdefault(name, Stream(name, first, first, last, last))
    return sorted(found.values(), key=lambda stream: stream.name)


def logs_of(group: Group) -> QuerySet[InvocationLog]:
    """The logs of a function's group, without what is gone."""
    rows = InvocationLog.objects.filter(function_id__in=group.function_ids)
    return rows.filter(at__gte=group.oldest) if group.oldest else rows


def ended_ms(started_at: datetime, duration_us: int) -> int:
    """When a call was over, in Unix milliseconds: all its log has this time, since it comes as a whole."""
    return (int(started_at.timestamp() * 1_000_000) + duration_us) // 1000


def _group(
    project: Project, region: str, name: str, row: LogGroup | None, functions: Iterable[Function]
) -> Group | None:
    owners = list(functions)
    ids = tuple(function.pk for function in owners)
    made = [row.created_at] if row else []
    created_at = min([*made, *(function.created_at for function in owners)], default=None)
    if created_at is None:
        return None
    group = Group(project, region, name, created_at, row, ids)
    live = any(function.deleted_at is None for function in owners)
    # A function's group is there with it; deleted, or left behind by a deleted function, it is there while there are
    # logs in it.
    there = not row.dropped if row else live
    return group if there or logs_of(group).exists() else None


def _functions(project: Project, region: str) -> QuerySet[Function]:
    return Function.objects.filter(project=project, region=region).exclude(latest=None)


def _names(project: Project, region: str) -> set[str]:
    """The names that a group may have. All of them, since they lie in two databases, whose orders may differ."""
    rows = LogGroup.objects.filter(project_id=project.pk, region=region)
    functions = _functions(project, region).order_by().values_list("name", flat=True).distinct()
    return {*rows.values_list("name", flat=True), *map(group_of, functions)}


def _of_calls(group: Group, prefix: str) -> Iterable[tuple[str, int, int]]:
    """Name, first and last time of the streams of a function's latest calls."""
    rows = Invocation.objects.filter(function_id__in=group.function_ids)
    if group.oldest:
        rows = rows.filter(started_at__gte=group.oldest)
    if day := read_stream(prefix):  # a whole name
        rows = rows.filter(started_at__gte=day.start, started_at__lt=day.end)
    latest = rows.order_by("-started_at").values_list("started_at", "version", "sandbox_id", "duration_us")
    spans: dict[tuple[date, str, str], tuple[int, int]] = {}
    for started_at, version, sandbox_id, duration_us in latest[:STRETCH]:
        key, at = (started_at.date(), version, sandbox_id), ended_ms(started_at, duration_us)
        first, last = spans.get(key, (at, at))
        spans[key] = min(first, at), max(last, at)
    named = ((stream_of(*key), span) for key, span in spans.items())
    return [(name, *span) for name, span in named if name.startswith(prefix)]


def _made(stream: LogStream) -> Stream:
    put = int(stream.put_at.timestamp() * 1000) if stream.put_at else None
    return Stream(
        stream.name, int(stream.created_at.timestamp() * 1000), stream.first_ms, stream.last_ms, put
    )
