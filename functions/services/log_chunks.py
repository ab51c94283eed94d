"""Keeps the chunks that make searching logs quick: made by housekeeping from logs that are some minutes old, so
that storing a log costs nothing more; given up when a log comes late into one of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from functions.log_grams import signature
from functions.models import InvocationLog, LogChunk, Project
from functions.records import InvocationRecord
from functions.rollups import at_us
from functions.services.retention import first_id

LOGS = 1000
CHARACTERS = 4_000_000
# A call may run for 15 minutes, and its log is as old as its beginning when it comes.
SETTLED_AFTER = timedelta(minutes=20)
_DOUBTED_FOR = timedelta(minutes=10)
_READ_AT_ONCE = 100
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Times [start, end) that no chunk covers; one that is `open` grows still."""

    start: datetime
    end: datetime
    open: bool


def make_chunks(*, now: datetime, limit_s: float = 20.0) -> int:
    """Chunks for what has none yet, oldest first; how many. The next round makes what is left."""
    until, made = time.monotonic() + limit_s, 0
    for project_id in Project.objects.values_list("id", flat=True):
        _verify(project_id, now)
        for gap in _gaps(project_id, now - SETTLED_AFTER):
            for chunk in _chunks(project_id, gap):
                chunk.save(force_insert=True)
                made += 1
                if time.monotonic() > until:
                    return made
    return made


def disturb(records: Iterable[InvocationRecord], *, now: datetime | None = None) -> None:
    """Give up the chunks into whose time late logs have come; within the transaction that stores them. Costs
    nothing while logs are young."""
    settled = ((now or datetime.now(UTC)) - SETTLED_AFTER - _EPOCH) // _TICK
    late: dict[str, list[int]] = {}
    for record in records:
        if record.log and at_us(record) < settled:
            late.setdefault(record.project_id, []).append(at_us(record))
    for project_id, moments in late.items():
        first, last = _EPOCH + min(moments) * _TICK, _EPOCH + max(moments) * _TICK
        LogChunk.objects.filter(project_id=project_id, start__lte=last, end__gt=first).delete()


def _verify(project_id: UUID, now: datetime) -> None:
    """A late log that was being stored while its chunk was made has seen no chunk to give up."""
    young = LogChunk.objects.filter(project_id=project_id, pk__gte=first_id(now - _DOUBTED_FOR))
    for pk, start, end, logs in young.values_list("pk", "start", "end", "logs"):
        held = InvocationLog.objects.filter(project_id=project_id, at__gte=start, at__lt=end)
        if held.count() > logs:
            LogChunk.objects.filter(pk=pk).delete()


def _gaps(project_id: UUID, settled: datetime) -> Iterator[_Gap]:
    logs = InvocationLog.objects.filter(project_id=project_id).order_by("at")
    reached = logs.values_list("at", flat=True).first()
    if reached is None:
        return
    chunks = LogChunk.objects.filter(project_id=project_id).order_by("start")
    for start, end in list(chunks.values_list("start", "end")):
        if start > reached:
            yield _Gap(reached, start, open=False)
        reached = max(reached, end)
    if reached < settled:
        yield _Gap(reached, settled, open=True)


def _chunks(project_id: UUID, gap: _Gap) -> Iterator[LogChunk]:
    """Full ones; what is left of a gap that does not grow makes a smaller one."""
    start = gap.start
    while start < gap.end:
        with transaction.atomic(using="telemetry"):
            texts, end = _texts(project_id, start, gap.end)
        if not texts or (gap.open and end == gap.end):
            return
        yield LogChunk(project_id=project_id, start=start, end=end, logs=len(texts), grams=signature(texts))
        start = end


def _texts(project_id: UUID, start: datetime, end: datetime) -> tuple[list[str], datetime]:
    """The logs of the next chunk, and where it ends: all logs of one instant are in one chunk."""
    rows = InvocationLog.objects.filter(project_id=project_id, at__gte=start, at__lt=end)
    ordered = rows.order_by("at").values_list("at", "text")
    texts: list[str] = []
    characters, last = 0, start
    for at, text in ordered.iterator(chunk_size=_READ_AT_ONCE):
        if at > last and (len(texts) >= LOGS or characters >= CHARACTERS):
            return texts, at
        texts.append(text)
        characters += len(text)
        last = at
    return texts, end
