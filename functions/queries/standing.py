"""How a function stands for the API: which revision is shown, and whether something is under way or has failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from functions.models import Deployment, Function, Revision
from functions.states import DeploymentState


@dataclass(frozen=True, slots=True)
class Standing:
    """`revision` is the newest one: what runs, or what is about to. `deployment` is the newest one. `under_way`
    says whether that is seen to go on; `has_code_running` is False until a function's first one has ended."""

    revision: Revision
    deployment: Deployment | None
    has_code_running: bool
    under_way: bool = False

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
        running = latest.get(function.latest_id) if function.latest_id else None
        standing = _standing(running, newest.get(function.pk))
        if standing is not None:
            found[function.pk] = standing
    return found


def _standing(running: Revision | None, deployment: Deployment | None) -> Standing | None:
    if deployment is None or deployment.revision is None:
        return Standing(running, deployment, True) if running else None
    under_way = deployment.is_seen(timezone.now())
    shown = deployment.revision if under_way or running is None else running
    first = not deployment.has_earlier and running == deployment.revision  # type: ignore[attr-defined]
    return Standing(shown, deployment, running is not None and not (under_way and first), under_way)


def _newest_deployments(function_ids: Sequence[UUID]) -> dict[UUID, Deployment]:
    of_function = Deployment.objects.filter(function=OuterRef("function"), trial=False)
    newest = of_function.order_by("-id").values("id")[:1]
    rows = Deployment.objects.filter(function_id__in=function_ids, id=Subquery(newest))
    rows = rows.annotate(has_earlier=Exists(of_function.filter(id__lt=OuterRef("id"))))
    rows = rows.select_related("revision__artifact").defer("log", "steps")
    return {row.function_id: row for row in rows}
