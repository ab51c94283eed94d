"""Stores finished invocations: rows, logs, payloads and sums, in one transaction and once, however often a
record is delivered. Called by the recorder; the gateway decided everything that a record says."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from uuid import UUID

from django.db import transaction

from functions.bulk import Value, Values, insert_new
from functions.ids import derived_id
from functions.models import Invocation, InvocationLog, InvocationPayload
from functions.records import InvocationRecord
from functions.rollups import at_us, days, minutes, months, spans
from functions.services.attempts import close_attempts
from functions.services.log_chunks import disturb
from functions.services.rollups import add_days, add_minutes, add_months, add_spans

Cell = Callable[[Values, InvocationRecord], Value]


def _text(name: str) -> Cell:
    read = attrgetter(name)
    longest = getattr(Invocation._meta.get_field(name), "max_length", None) or 0
    return lambda values, record: values.text(read(record), longest)


def _plain(name: str) -> Cell:
    read = attrgetter(name)
    return lambda _values, record: read(record)


def _uuid(name: str) -> Cell:
    read = attrgetter(name)
    return lambda values, record: values.uuid(read(record))


_TEXTS = (
    "function_name",
    "version",
    "alias",
    "trigger_id",
    "price_id",
    "error_type",
    "error_message",
    "sandbox_id",
    "trace_id",
)
_NUMBERS = (
    "attempt",
    "duration_us",
    "init_us",
    "cold",
    "billed_ms",
    "memory_mb",
    "memory_used",
    "cost_pico",
    "payload_bytes",
    "response_bytes",
)
_CELLS: Mapping[str, Cell] = {
    "id": lambda values, record: values.uuid(row_id(record)),
    **{name: _uuid(name) for name in ("request_id", "project_id", "function_id", "revision_id", "event_id")},
    **{name: _text(name) for name in _TEXTS},
    **{name: _plain(name) for name in _NUMBERS},
    "trigger": lambda _, record: record.trigger.value,
    "invocation_type": lambda _, record: record.invocation_type.value,
    "outcome": lambda _, record: record.outcome.value,
    "accepted_at": lambda values, record: values.moment(record.accepted_us),
    "started_at": lambda values, record: values.moment(at_us(record)),
    "stack": lambda values, record: json.dumps([values.text(line) for line in record.stack]),
}


def row_id(record: InvocationRecord) -> str:
    """The id of a record's row. All attempts of an event answer to one request id, so each has an id that
    follows from its number and its beginning."""
    if not record.event_id:
        return record.request_id
    parts = (record.event_id, str(record.attempt), str(record.started_us))
    return str(derived_id(at_us(record) // 1000, *parts))


@transaction.atomic(using="telemetry")
def store(
    records: Sequence[InvocationRecord], *, dropped_payloads: Collection[str] = ()
) -> list[InvocationRecord]:
    """Store what is new, count it, close the attempts of events, and drop payloads that have been replaced.
    Returns the new records. Raises DataError or ValueError for a record that cannot be stored."""
    new = _insert(records)
    _insert_logs(new)
    disturb(new)
    _insert_payloads(new)
    if dropped_payloads:
        InvocationPayload.objects.filter(pk__in=[UUID(row) for row in dropped_payloads]).delete()
    counted = minutes(new)
    add_minutes(counted)
    add_spans(spans(counted))
    add_days(days(new))
    add_months(months(new))
    close_attempts([(record, row_id(record)) for record in new if record.event_id])
    return new


def newest_payloads(function_id: str, outcome: str, count: int, *, look_at: int = 2000) -> list[str]:
    """The rows with payloads among the newest `look_at` invocations of that outcome, oldest first."""
    rows = Invocation.objects.filter(function_id=function_id, outcome=outcome).order_by("-started_at")
    newest = rows.values("id")[:look_at]
    found = InvocationPayload.objects.filter(invocation_id__in=list(newest.values_list("id", flat=True)))
    ordered = found.order_by("-invocation__started_at").values_list("pk", flat=True)[:count]
    return [str(row) for row in reversed(ordered)]


def _insert(records: Sequence[InvocationRecord]) -> list[InvocationRecord]:
    values = Values(Invocation)
    rows = [[cell(values, record) for cell in _CELLS.values()] for record in records]
    known = {str(row[0]).replace("-", ""): record for row, record in zip(rows, records, strict=True)}
    found = insert_new(Invocation, tuple(_CELLS), rows, ["id"])
    return [known[str(row[0]).replace("-", "")] for row in found]


def _insert_logs(records: Iterable[InvocationRecord]) -> None:
    values = Values(InvocationLog)
    rows = [
        [
            values.uuid(row_id(record)),
            values.uuid(record.project_id),
            values.uuid(record.function_id),
            values.moment(at_us(record)),
            values.text(record.log),
            record.log_truncated,
        ]
        for record in records
        if record.log
    ]
    columns = ["invocation_id", "project_id", "function_id", "at", "text", "truncated"]
    insert_new(InvocationLog, columns, rows, ["invocation_id"])


def _insert_payloads(records: Iterable[InvocationRecord]) -> None:
    values = Values(InvocationPayload)
    rows = [
        [
            values.uuid(row_id(record)),
            None if record.payload is None else values.text(record.payload),
            None if record.response is None else values.text(record.response),
        ]
        for record in records
        if record.payload is not None or record.response is not None
    ]
    insert_new(InvocationPayload, ["invocation_id", "event", "response"], rows, ["invocation_id"])
