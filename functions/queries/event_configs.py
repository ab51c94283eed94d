"""How events of functions are treated, for whoever decides what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from functions.entitlements import decision
from functions.models import EventInvokeConfig, Function, Revision
from functions.naming import is_latest
from functions.permissions import Decision
from functions.policies import INVOKE
from functions.queries.roles import role_snapshot
from functions.retry import DEFAULT_POLICY, Policy
from functions.snapshots import Principal
from functions.states import Role

Key = tuple[UUID, str]
SEND = "sqs:SendMessage"


def key_of(function_id: UUID, qualifier: str) -> Key:
    """Function and qualifier, with one spelling of $LATEST."""
    return function_id, "" if is_latest(qualifier) else qualifier


def event_configs(function_ids: Collection[UUID]) -> Mapping[Key, EventInvokeConfig]:
    """All configurations of these functions, by function and qualifier."""
    rows = EventInvokeConfig.objects.filter(function_id__in=function_ids)
    return {(row.function_id, row.qualifier): row for row in rows}


def policy_of(config: EventInvokeConfig | None) -> Policy:
    """Retries and age of a configuration, with AWS's defaults for what it leaves out."""
    if config is None:
        return DEFAULT_POLICY
    age = DEFAULT_POLICY.max_age if config.max_age_s is None else timedelta(seconds=config.max_age_s)
    return Policy(DEFAULT_POLICY.retries if config.retries is None else config.retries, age)


def may_tell(source: Function, revision: Revision | None, destination: str) -> bool:
    """Whether the execution role lets the function's end be told to another function, or to a queue."""
    return may_do(source, revision, SEND if is_queue(destination) else INVOKE, destination)


def is_queue(arn: str) -> bool:
    """Whether an ARN is a message queue's."""
    return arn.split(":")[2:3] == ["sqs"]


def may_do(source: Function, revision: Revision | None, action: str, resource: str) -> bool:
    """Whether the execution role allows what Functory does for the function. A role of which nobody has made an IAM
    role holds nothing back."""
    role = (revision.role if revision else "").rpartition("/")[2]
    if not role:
        return True
    permissions = role_snapshot(project_id=source.project_id, name=role).permissions
    if permissions is None:
        return True
    acting = Principal(
        kind="role",
        id=str(source.pk),
        name=f"{role}/{source.name}",
        project_id=str(source.project_id),
        account=source.project.account,
        role=Role.DEVELOPER,
        permissions=permissions,
    )
    return decision(acting, action, resource, source.region, timezone.now()) is Decision.ALLOWED
