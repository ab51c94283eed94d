"""Who may do what: the one check that every service makes first, and the audit entry that it ends with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models

from functions.errors import AccessDenied, ResourceNotFound
from functions.models import AuditEntry
from functions.snapshots import Principal
from functions.states import Role


def require(acting: Principal, role: Role, project_id: UUID) -> None:
    """Raises ResourceNotFound for another project's things (a stranger may not learn that they exist) and
    AccessDenied, saying who can grant it, when the role is too low."""
    if acting.kind == "system":
        return
    if acting.project_id != str(project_id):
        raise ResourceNotFound("It does not exist, or you may not see it.")
    if Role(acting.role).rank < role.rank:
        raise AccessDenied(
            f"This needs the role {role.label.lower()}; yours is {Role(acting.role).label.lower()}. "
            "An administrator of the project can grant it."
        )


def record(
    acting: Principal,
    action: str,
    target: models.Model,
    *,
    project_id: UUID | None,
    name: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write the audit entry of a change. `before` and `after` must hold no secrets."""
    AuditEntry.objects.create(
        project_id=project_id,
        principal_kind=acting.kind,
        principal_id=acting.id,
        principal_name=acting.name,
        address=acting.address,
        action=action,
        target_kind=target._meta.model_name or "",
        target_id=str(target.pk),
        target_name=name or str(target),
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )


def system_principal(project_id: UUID | str = "", account: str = "") -> Principal:
    """A part of Functory acting by itself: schedules, jobs, the first start."""
    return Principal(
        kind="system",
        id="functory",
        name="functory",
        project_id=str(project_id),
        account=account,
        role=Role.ADMINISTRATOR,
    )
