"""Stores refused requests, and keeps only so many of them: a client in a loop must not fill the disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from functions.errors import FunctoryError
from functions.ids import new_id
from functions.models import Project, Refusal
from functions.naming import plain_text
from functions.records import Refused
from functions.snapshots import Principal

KEPT = 10_000  # of each project, the newest


def store_refusals(refused: Sequence[Refused]) -> None:
    """Write some in one transaction; one that is there already is left as it is."""
    rows = [_row(one) for one in refused]
    with transaction.atomic(using="telemetry"):
        Refusal.objects.bulk_create(rows, ignore_conflicts=True)


def note_refusal(
    *,
    acting: Principal,
    operation: str,
    function_name: str,
    error: FunctoryError,
    payload_bytes: int = 0,
    request_id: str = "",
) -> None:
    """Write one that web refused, after its transaction was rolled back. `request_id` is what its caller was
    given, if it is a UUID."""
    store_refusals(
        [
            Refused(
                request_id=request_id or str(new_id()),
                project_id=acting.project_id,
                function_name=function_name,
                operation=operation,
                error_type=error.code,
                status=error.status,
                message=error.message,
                caller=acting.name,
                address=acting.address,
                payload_bytes=payload_bytes,
                at_us=int(datetime.now(UTC).timestamp() * 1_000_000),
            )
        ]
    )


def superfluous() -> list[tuple[UUID, UUID]]:
    """Each project that has more than KEPT, and the id at and below which they are too many."""
    found: list[tuple[UUID, UUID]] = []
    for project_id in Project.objects.values_list("pk", flat=True):
        rows = Refusal.objects.filter(project_id=project_id).order_by("-id").values_list("pk", flat=True)
        found += [(project_id, last) for last in rows[KEPT : KEPT + 1]]
    return found


def _row(refused: Refused) -> Refusal:
    return Refusal(
        id=UUID(refused.request_id),
        project_id=UUID(refused.project_id),
        function_name=plain_text(refused.function_name, 170),
        operation=plain_text(refused.operation, 64),
        error_type=plain_text(refused.error_type, 64),
        status=refused.status,
        message=plain_text(refused.message, 1024),
        caller=plain_text(refused.caller, 128),
        address=plain_text(refused.address, 45),
        payload_bytes=refused.payload_bytes,
        more=refused.more,
        at=datetime.fromtimestamp(refused.at_us / 1_000_000, UTC),
    )
