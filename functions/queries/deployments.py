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
    rows = Deployment.objects.filter(
        project_id=project_id,
        trial=False,
        state=DeploymentState.SUCCEEDED,
        ended_at__gte=start,
        ended_at__lt=end,
    )
    if function_id:
        rows = rows.filter(function_id=function_id)
    joined = rows.select_related("function", "version")
    lean = joined.only("ended_at", "function__name", "version__number")  # logs and steps are long
    return list(lean.order_by("-ended_at")[:limit])
