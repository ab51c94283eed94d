"""Roles and policies as IAM names them, and the picture of a role by which the data plane goes."""

from __future__ import annotations

import re
from uuid import UUID

from django.db.models import QuerySet

from functions.aws_policies import AwsPolicy, aws_policies, aws_policy
from functions.errors import AccessDenied, InvalidParameterValue, NoSuchEntity
from functions.models import IamAttachment, IamPolicy, IamRole, Project
from functions.permissions import Asking, admits
from functions.policy_documents import read_permissions, read_trust
from functions.snapshots import RoleSnapshot

_ROLE_ARN = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role(?P<path>/(?:[!-~]+/)?)(?P<name>[\w+=,.@-]+)"
)
_POLICY_ARN = re.compile(
    r"arn:aws:iam::(?P<account>\d{12}):policy(?P<path>/(?:[!-~]+/)?)(?P<name>[\w+=,.@-]+)"
)


def role_named(project: Project, name: str) -> IamRole:
    """A role by name, in whatever case; raises NoSuchEntity."""
    found = IamRole.objects.select_related("project").filter(project=project, name__iexact=name).first()
    if found is None:
        raise NoSuchEntity(f"The role with name {name} cannot be found.")
    return found


def policy_of(project: Project, arn: str) -> IamPolicy | AwsPolicy:
    """A managed policy by ARN, the project's or AWS's; raises NoSuchEntity."""
    parts = _POLICY_ARN.fullmatch(arn)
    found: IamPolicy | AwsPolicy | None = aws_policy(arn)
    if parts and parts["account"] == project.account:
        rows = IamPolicy.objects.select_related("project")
        found = rows.filter(project=project, path=parts["path"], name__iexact=parts["name"]).first()
    if found is None:
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
    return found


def attached(role: IamRole) -> list[IamPolicy | AwsPolicy]:
    """The managed policies on a role, by name."""
    rows = IamAttachment.objects.filter(role=role).select_related("policy__project")
    found = [row.policy or aws_policies().get(row.aws_policy) for row in rows]
    return sorted((one for one in found if one is not None), key=lambda one: one.name)


def uses_of(policy: IamPolicy | AwsPolicy, project: Project) -> int:
    """How many of the project's roles a managed policy is on."""
    rows: QuerySet[IamAttachment] = IamAttachment.objects.filter(role__project=project)
    mine = (
        rows.filter(policy=policy) if isinstance(policy, IamPolicy) else rows.filter(aws_policy=policy.name)
    )
    return mine.count()


def check_assumable(project: Project, arn: str) -> None:
    """Where roles have to exist: raises unless Lambda may take this one on, in AWS's words."""
    parts = _ROLE_ARN.fullmatch(arn)
    if parts is None or parts["account"] != project.account:
        raise AccessDenied("Cross-account pass role is not allowed.")
    rows = IamRole.objects.filter(project=project, path=parts["path"], name__iexact=parts["name"])
    role = rows.select_related("project").first()
    asking = Asking("sts:AssumeRole", arn)
    if role is None or not admits(read_trust(role.trust), {"lambda.amazonaws.com"}, asking):
        raise InvalidParameterValue("The role defined for the function cannot be assumed by Lambda.")


def role_snapshot(*, project_id: UUID | str, name: str) -> RoleSnapshot:
    """What a role may do, or that there is no such role."""
    role = IamRole.objects.select_related("project").filter(project_id=project_id, name__iexact=name).first()
    if role is None:
        return RoleSnapshot(str(project_id), name, None)
    documents = [*role.policies.values_list("document", flat=True), *(one.document for one in attached(role))]
    statements = tuple(statement for text in documents for statement in read_permissions(text))
    return RoleSnapshot(str(project_id), name, statements)
