"""IAM's managed policies, the project's own and AWS's, and what is on which role."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from console.api.call import Call
from console.api.operations.iam_pages import slice_of, tags_of, tags_shown
from functions.aws_policies import AwsPolicy, aws_policies
from functions.errors import AccessDenied, NoSuchEntity
from functions.ids import iam_id
from functions.models import IamPolicy
from functions.queries.roles import attached, policy_of, role_named, uses_of
from functions.services import role_policies, roles

Output = dict[str, Any]
Policy = IamPolicy | AwsPolicy


def create_policy(call: Call) -> Output:
    """A managed policy of the project."""
    policy = role_policies.create_policy(
        acting=call.principal,
        project=call.project,
        name=call["PolicyName"],
        document=call["PolicyDocument"],
        path=call.get("Path", "/"),
        description=call.get("Description", ""),
        tags=tags_of(call),
    )
    return {"Policy": _shown(call, policy)}


def get_policy(call: Call) -> Output:
    """A managed policy by ARN."""
    policy = policy_of(call.project, call["PolicyArn"])
    found = _shown(call, policy) | {"Description": getattr(policy, "description", "") or None}
    return {"Policy": found}


def get_policy_version(call: Call) -> Output:
    """Its document: there is one version, the default."""
    policy = policy_of(call.project, call["PolicyArn"])
    if call["VersionId"] != _version(policy):
        raise NoSuchEntity(
            f"Policy {policy.arn} version {call['VersionId']} does not exist or is not attachable."
        )
    return {"PolicyVersion": {"Document": quote(policy.document, safe=""), **_version_shown(policy)}}


def list_policy_versions(call: Call) -> Output:
    """The one there is."""
    policy = policy_of(call.project, call["PolicyArn"])
    return {"Versions": [_version_shown(policy)], "IsTruncated": False}


def list_policies(call: Call) -> Output:
    """The project's, AWS's, or all, by name."""
    scope, prefix = call.get("Scope", "All"), call.get("PathPrefix", "/")
    found: list[Policy] = []
    if scope != "AWS":
        found += IamPolicy.objects.filter(project=call.project).select_related("project").order_by("name")
    if scope != "Local":
        found += aws_policies().values()
    chosen = [_shown(call, one) for one in found if one.path.startswith(prefix)]
    if call.get("OnlyAttached"):
        chosen = [one for one in chosen if one["AttachmentCount"]]
    page, more = slice_of(call, chosen)
    return {"Policies": page, **more}


def delete_policy(call: Call) -> Output:
    """One of the project's that is on no role."""
    policy = policy_of(call.project, call["PolicyArn"])
    if isinstance(policy, AwsPolicy):
        raise AccessDenied(
            f"User: {call.principal.arn} is not authorized to perform: iam:DeletePolicy on resource: policy "
            f"{policy.arn}"
        )
    role_policies.delete_policy(acting=call.principal, policy=policy)
    return {}


def attach_role_policy(call: Call) -> Output:
    """Put a managed policy on a role."""
    policy = policy_of(call.project, call["PolicyArn"])
    role = role_named(call.project, call["RoleName"])
    roles.attach_policy(acting=call.principal, role=role, policy=policy)
    return {}


def detach_role_policy(call: Call) -> Output:
    """Take a managed policy off."""
    role = role_named(call.project, call["RoleName"])
    policy = policy_of(call.project, call["PolicyArn"])
    roles.detach_policy(acting=call.principal, role=role, policy=policy)
    return {}


def list_attached_role_policies(call: Call) -> Output:
    """The managed policies on a role."""
    prefix = call.get("PathPrefix", "/")
    found = [
        one for one in attached(role_named(call.project, call["RoleName"])) if one.path.startswith(prefix)
    ]
    page, more = slice_of(call, [{"PolicyName": one.name, "PolicyArn": one.arn} for one in found])
    return {"AttachedPolicies": page, **more}


def _shown(call: Call, policy: Policy) -> Output:
    mine = policy if isinstance(policy, IamPolicy) else None
    return {
        "PolicyName": policy.name,
        "PolicyId": iam_id("ANPA", str(mine.pk) if mine else policy.arn),
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": _version(policy),
        "AttachmentCount": uses_of(policy, call.project),
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.changed_at if isinstance(policy, AwsPolicy) else policy.created_at,
        "Tags": (tags_shown(mine.tags) if mine else []) or None,
    }


def _version(policy: Policy) -> str:
    return policy.version if isinstance(policy, AwsPolicy) else "v1"


def _version_shown(policy: Policy) -> Output:
    created = policy.changed_at if isinstance(policy, AwsPolicy) else policy.created_at
    return {"VersionId": _version(policy), "IsDefaultVersion": True, "CreateDate": created}
