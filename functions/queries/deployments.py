"""Reads of deployments for marks on charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from functions.models import Deployment
from functions.states import DeploymentState


def awaiting_images(identifier: str) -> list[UUID]:
    """Deployments under way that may be waiting for a runtime's images."""
    rows = Deployment.objects.filter(state=DeploymentState.BUILDING, revision__runtime=identifier)
    return list(rows.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class WentLive:
    """When which version of which function went live; None where the version is gone."""

    at: datetime
    function_name: str
    version: int | None


def succeeded_between(
    *, project_id: UUID, start: datetime, end: datetime, function_id: UUID | None = None, limit: int = 200
) -> list[WentLive]:
    """The deployments that went live in [start, end), newest first."""
    # Never by project and function at once: SQLite would take the project's index.
    of = {"function_id": function_id} if function_id else {"project_id": project_id}
    rows = Deployment.objects.filter(
        trial=False, state=DeploymentState.SUCCEEDED, ended_at__gte=start, ended_at__lt=end, **of
    )
    shown = rows.order_by("-ended_at").values_list("ended_at", "function__name", "version__number")
    return [WentLive(at, name, version) for at, name, version in shown[:limit] if at]
