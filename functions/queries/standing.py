"""How a function stands for the API: which revision is shown, and whether something is under way or has failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Subquery

from functions.models import Deployment, Function, Revision
from functions.states import DEPLOYMENT_ENDED, DeploymentState


@dataclass(frozen=True, slots=True)
class Standing:
    """`revision` is the newest one: what runs, or what is about to. `deployment` is the newest one."""

    revision: Revision
    deployment: Deployment | None
    has_code_running: bool

    @property
    def under_way(self) -> bool:
        """Whether the newest deployment has not ended."""
        return self.deployment is not None and self.deployment.state not in DEPLOYMENT_ENDED

    @property
    def failed(self) -> bool:
        """Whether the newest deployment has failed."""
        return self.deployment is not None and self.deployment.state == DeploymentState.FAILED


def standings(functions: Sequence[Function]) -> dict[UUID, Standing]:
    """By function id, in two queries; functions that were never deployed are left out."""
    newest = _newest_deployments([function.pk for function in functions])
    latest_ids = [function.latest_id for function in functions if function.latest_id]
    latest = {row.pk: row for row in Revision.objects.select_related("artifact").filter(pk__in=latest_ids)}
    found = {}
    for function in functions:
        deployment = newest.get(function.pk)
        running = latest.get(function.latest_id) if function.latest_id else None
        shown = _shown(running, deployment)
        if shown is not None:
            found[function.pk] = Standing(shown, deployment, running is not None)
    return found


def _shown(running: Revision | None, deployment: Deployment | None) -> Revision | None:
    if deployment is None or deployment.revision is None:
        return running
    under_way = deployment.state not in DEPLOYMENT_ENDED
    return deployment.revision if under_way or running is None else running


def _newest_deployments(function_ids: Sequence[UUID]) -> dict[UUID, Deployment]:
    newest = (
        Deployment.objects.filter(function=OuterRef("function"), trial=False).order_by("-id").values("id")[:1]
    )
    rows = Deployment.objects.filter(function_id__in=function_ids, id=Subquery(newest))
    rows = rows.select_related("revision__artifact").defer("log", "steps")
    return {row.function_id: row for row in rows}
