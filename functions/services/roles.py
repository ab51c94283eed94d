"""IAM roles, their trust, and the policies on them: made, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.db.models.functions import Length

from functions.aws_policies import AwsPolicy
from functions.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from functions.models import IamAttachment, IamPolicy, IamRole, IamRolePolicy, Project
from functions.policy_documents import read_permissions, read_trust
from functions.queues import announce_key_change, announce_role_change
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; characters without white space.
MOST_ROLES = 1000
LONGEST_TRUST = 2048
LONGEST_INLINE = 10_240
MOST_ATTACHED = 10


@transaction.atomic
def create_role(
    *,
    acting: Principal,
    project: Project,
    name: str,
    trust: str,
    path: str = "/",
    description: str = "",
    max_session_s: int = 3600,
    tags: Mapping[str, str] | None = None,
) -> IamRole:
    """A role; raises MalformedPolicyDocument for a trust policy that is none, EntityAlreadyExists, LimitExceeded."""
    require(acting, Role.DEVELOPER, project.pk)
    if IamRole.objects.filter(project=project).count() >= MOST_ROLES:
        raise LimitExceeded(f"Cannot exceed quota for RolesPerAccount: {MOST_ROLES}")
    role = IamRole(
        project=project,
        name=name,
        path=path,
        description=description,
        trust=checked_trust(trust),
        max_session_s=max_session_s,
        tags=dict(tags or {}),
    )
    try:
        with transaction.atomic():
            role.save(force_insert=True)
    except IntegrityError:
        raise EntityAlreadyExists(f"Role with name {name} already exists.") from None
    _changed(acting, "role.create", role, after={"path": path, "trust": trust})
    return role


@transaction.atomic
def set_trust(*, acting: Principal, role: IamRole, trust: str) -> None:
    """Who may take it on from now on."""
    require(acting, Role.DEVELOPER, role.project_id)
    before, role.trust = role.trust, checked_trust(trust)
    role.save(update_fields=["trust"])
    _changed(acting, "role.trust", role, before={"trust": before}, after={"trust": trust})


@transaction.atomic
def set_role_tags(*, acting: Principal, role: IamRole, tags: Mapping[str, str]) -> None:
    """All its tags."""
    require(acting, Role.DEVELOPER, role.project_id)
    before, role.tags = role.tags, dict(tags)
    role.save(update_fields=["tags"])
    _changed(acting, "role.tag", role, before=before, after=role.tags)


@transaction.atomic
def delete_role(*, acting: Principal, role: IamRole) -> None:
    """Remove a role without policies, and end the keys of those who took it on; raises DeleteConflict while it has
    some."""
    require(acting, Role.DEVELOPER, role.project_id)
    _hold(role)
    if role.attachments.exists():
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if role.policies.exists():
        raise DeleteConflict("Cannot delete entity, must delete policies first.")
    for key_id in role.sessions.values_list("key_id", flat=True):
        announce_key_change(key_id)
    _changed(acting, "role.delete", role, before={"trust": role.trust})
    role.delete()


@transaction.atomic
def put_role_policy(*, acting: Principal, role: IamRole, name: str, document: str) -> None:
    """An inline policy, new or in place of the one of that name; raises MalformedPolicyDocument, LimitExceeded."""
    require(acting, Role.DEVELOPER, role.project_id)
    read_permissions(document)
    _hold(role)
    others = role.policies.exclude(name=name).aggregate(size=Sum(Length("document")))["size"] or 0
    if others + size_of(document) > LONGEST_INLINE:
        raise LimitExceeded(f"Maximum policy size of {LONGEST_INLINE} bytes exceeded for role {role.name}")
    IamRolePolicy.objects.update_or_create(role=role, name=name, defaults={"document": document})
    _changed(acting, "role.put_policy", role, after={"policy": name, "document": document})


@transaction.atomic
def delete_role_policy(*, acting: Principal, role: IamRole, name: str) -> None:
    """Take an inline policy off; raises NoSuchEntity."""
    require(acting, Role.DEVELOPER, role.project_id)
    found = role.policies.filter(name=name).first()
    if found is None:
        raise NoSuchEntity(f"The role policy with name {name} cannot be found.")
    _changed(acting, "role.delete_policy", role, before={"policy": name, "document": found.document})
    found.delete()


@transaction.atomic
def attach_policy(*, acting: Principal, role: IamRole, policy: IamPolicy | AwsPolicy) -> None:
    """Put a managed policy on a role; nothing happens when it is there. Raises LimitExceeded."""
    require(acting, Role.DEVELOPER, role.project_id)
    _hold(role)
    chosen = _which(policy)
    if role.attachments.filter(**chosen).exists():
        return
    if role.attachments.count() >= MOST_ATTACHED:
        raise LimitExceeded(f"Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}")
    IamAttachment.objects.create(role=role, **chosen)
    _changed(acting, "role.attach", role, after={"policy": policy.arn})


@transaction.atomic
def detach_policy(*, acting: Principal, role: IamRole, policy: IamPolicy | AwsPolicy) -> None:
    """Take a managed policy off; raises NoSuchEntity when it is not there."""
    require(acting, Role.DEVELOPER, role.project_id)
    removed, _ = role.attachments.filter(**_which(policy)).delete()
    if not removed:
        raise NoSuchEntity(f"Policy {policy.arn} was not found.")
    _changed(acting, "role.detach", role, before={"policy": policy.arn})


def checked_trust(text: str) -> str:
    """The trust policy itself; raises MalformedPolicyDocument or LimitExceeded."""
    read_trust(text)
    if size_of(text) > LONGEST_TRUST:
        raise LimitExceeded(f"Cannot exceed quota for ACLSizePerRole: {LONGEST_TRUST}")
    return text


def size_of(document: str) -> int:
    """Characters as IAM counts them: white space is free."""
    return len("".join(document.split()))


def _which(policy: IamPolicy | AwsPolicy) -> dict[str, object]:
    if isinstance(policy, IamPolicy):
        return {"policy": policy, "aws_policy": ""}
    return {"policy": None, "aws_policy": policy.name}


def _hold(role: IamRole) -> None:
    """Until the end of the transaction nobody else changes what is on it."""
    IamRole.objects.select_for_update().only("pk").get(pk=role.pk)


def _changed(acting: Principal, action: str, role: IamRole, **pictures: Mapping[str, object]) -> None:
    record(acting, action, role, project_id=role.project_id, name=role.name, **pictures)
    announce_role_change(role.project_id, role.name)
