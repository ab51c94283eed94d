"""Managed policies of a project: made and removed. Putting them on roles is services.roles'."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from functions.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from functions.models import IamPolicy, Project
from functions.policy_documents import read_permissions
from functions.services.guard import record, require
from functions.services.roles import size_of
from functions.snapshots import Principal
from functions.states import Role

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_POLICIES = 1500
LONGEST_POLICY = 6144


@transaction.atomic
def create_policy(
    *,
    acting: Principal,
    project: Project,
    name: str,
    document: str,
    path: str = "/",
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> IamPolicy:
    """A managed policy; raises MalformedPolicyDocument, EntityAlreadyExists, LimitExceeded."""
    require(acting, Role.DEVELOPER, project.pk)
    read_permissions(document)
    if size_of(document) > LONGEST_POLICY:
        raise LimitExceeded(f"Cannot exceed quota for PolicySize: {LONGEST_POLICY}")
    if IamPolicy.objects.filter(project=project).count() >= MOST_POLICIES:
        raise LimitExceeded(f"Cannot exceed quota for PoliciesPerAccount: {MOST_POLICIES}")
    policy = IamPolicy(
        project=project,
        name=name,
        path=path,
        description=description,
        document=document,
        tags=dict(tags or {}),
    )
    try:
        with transaction.atomic():
            policy.save(force_insert=True)
    except IntegrityError:
        raise EntityAlreadyExists(
            f"A policy called {name} already exists. Duplicate names are not allowed."
        ) from None
    record(
        acting, "iam_policy.create", policy, project_id=project.pk, name=name, after={"document": document}
    )
    return policy


@transaction.atomic
def delete_policy(*, acting: Principal, policy: IamPolicy) -> None:
    """Remove one that is on no role; raises DeleteConflict."""
    require(acting, Role.DEVELOPER, policy.project_id)
    IamPolicy.objects.select_for_update().only("pk").get(pk=policy.pk)
    if policy.attachments.exists():
        raise DeleteConflict("Cannot delete a policy attached to entities.")
    picture = {"document": policy.document}
    record(
        acting, "iam_policy.delete", policy, project_id=policy.project_id, name=policy.name, before=picture
    )
    policy.delete()
