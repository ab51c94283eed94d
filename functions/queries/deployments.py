"""Reads of deployments: for a function's history and for marks on its charts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from functions.models import Deployment
from functions.states import DeploymentState


def succeeded_between(
    *, project_id: UUID, start: datetime, end: datetime, function_id: UUID | None = None, limit: int = 200
) -> list[Deployment]:
    """The deployments that went live in [start, end), newest first, with function and version."""
    # Never by project and function at once: SQLite would take the project's index.
    of = {"function_id": function_id} if function_id else {"project_id": project_id}
    rows = Deployment.objects.filter(
        trial=False, state=DeploymentState.SUCCEEDED, ended_at__gte=start, ended_at__lt=end, **of
    )
    joined = rows.select_related("function", "version")
    lean = joined.only("ended_at", "function__name", "version__number")  # logs and steps are long
    return list(lean.order_by("-ended_at")[:limit])
