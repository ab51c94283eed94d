"""IAM's roles, their trust, their tags and their inline policies."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from console.api.call import Call
from console.api.operations.iam_pages import page_of, tags_of, tags_shown
from functions.errors import NoSuchEntity
from functions.ids import iam_id
from functions.models import IamRole
from functions.queries.roles import role_named
from functions.services import roles as services

Output = dict[str, Any]


def create_role(call: Call) -> Output:
    """A role with its trust policy."""
    call.refuse_given("PermissionsBoundary", "MaxSigninSessionDuration")
    role = services.create_role(
        acting=call.principal,
        project=call.project,
        name=call["RoleName"],
        trust=call["AssumeRolePolicyDocument"],
        path=call.get("Path", "/"),
        description=call.get("Description", ""),
        max_session_s=call.get("MaxSessionDuration", 3600),
        tags=tags_of(call),
    )
    return {"Role": shown(role)}


def get_role(call: Call) -> Output:
    """A role by name."""
    return {"Role": shown(_role(call)) | {"RoleLastUsed": {}}}


def list_roles(call: Call) -> Output:
    """Roles by name, below a path."""
    rows = IamRole.objects.filter(project=call.project, path__startswith=call.get("PathPrefix", "/"))
    page, more = page_of(call, rows.select_related("project"), "name")
    listed = [shown(role) for role in page]
    for role in listed:
        role.pop("Tags", None)  # GetRole shows them, a list does not
    return {"Roles": listed, **more}


def delete_role(call: Call) -> Output:
    """A role without policies."""
    services.delete_role(acting=call.principal, role=_role(call))
    return {}


def update_assume_role_policy(call: Call) -> Output:
    """Another trust policy."""
    services.set_trust(acting=call.principal, role=_role(call), trust=call["PolicyDocument"])
    return {}


def tag_role(call: Call) -> Output:
    """Add or change tags."""
    role = _role(call)
    services.set_role_tags(acting=call.principal, role=role, tags={**role.tags, **tags_of(call)})
    return {}


def untag_role(call: Call) -> Output:
    """Remove tags; missing ones are no error."""
    role = _role(call)
    kept = {name: value for name, value in role.tags.items() if name not in call["TagKeys"]}
    services.set_role_tags(acting=call.principal, role=role, tags=kept)
    return {}


def list_role_tags(call: Call) -> Output:
    """All of them: there are at most fifty."""
    return {"Tags": tags_shown(_role(call).tags), "IsTruncated": False}


def put_role_policy(call: Call) -> Output:
    """An inline policy, new or in place of an older one."""
    services.put_role_policy(
        acting=call.principal, role=_role(call), name=call["PolicyName"], document=call["PolicyDocument"]
    )
    return {}


def get_role_policy(call: Call) -> Output:
    """An inline policy's document."""
    role, name = _role(call), call["PolicyName"]
    found = role.policies.filter(name=name).first()
    if found is None:
        raise NoSuchEntity(f"The role policy with name {name} cannot be found.")
    return {"RoleName": role.name, "PolicyName": found.name, "PolicyDocument": quote(found.document, safe="")}


def delete_role_policy(call: Call) -> Output:
    """Take an inline policy off."""
    services.delete_role_policy(acting=call.principal, role=_role(call), name=call["PolicyName"])
    return {}


def list_role_policies(call: Call) -> Output:
    """Names of the inline policies."""
    page, more = page_of(call, _role(call).policies.all(), "name")
    return {"PolicyNames": [policy.name for policy in page], **more}


def list_instance_profiles_for_role(call: Call) -> Output:
    """There are no machines, and so no profiles of any: deployers ask before they delete a role."""
    _role(call)
    return {"InstanceProfiles": [], "IsTruncated": False}


def shown(role: IamRole) -> Output:
    """The model's Role."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": iam_id("AROA", str(role.pk)),
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": quote(role.trust, safe=""),
        "Description": role.description or None,
        "MaxSessionDuration": role.max_session_s,
        "Tags": tags_shown(role.tags) or None,
    }


def _role(call: Call) -> IamRole:
    return role_named(call.project, call["RoleName"])
