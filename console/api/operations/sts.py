"""STS: who calls, and taking a role on."""

from __future__ import annotations

from typing import Any

from console.api.call import Call
from functions.ids import iam_id
from functions.models import IamRole, Project
from functions.services.sessions import take_on_role

Output = dict[str, Any]


def get_caller_identity(call: Call) -> Output:
    """Account, ARN and unique id of the caller."""
    acting = call.principal
    return {"UserId": _unique_id(call), "Account": acting.account, "Arn": acting.arn}


def assume_role(call: Call) -> Output:
    """A short-lived key for a role; it does no more than its owner may."""
    call.refuse_given("Policy", "PolicyArns", "Tags", "TransitiveTagKeys", "SourceIdentity")
    call.refuse_given("SerialNumber", "TokenCode", "ProvidedContexts")
    session, secret, token = take_on_role(
        acting=call.principal,
        project=call.project,
        role_arn=call["RoleArn"],
        name=call["RoleSessionName"],
        duration_s=call.get("DurationSeconds", 3600),
        external_id=call.get("ExternalId", ""),
    )
    return {
        "Credentials": {
            "AccessKeyId": session.key_id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": session.expires_at,
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"{_role_id(call.project, session.role_name)}:{session.name}",
            "Arn": f"arn:aws:sts::{call.project.account}:assumed-role/{session.role_name}/{session.name}",
        },
    }


def _unique_id(call: Call) -> str:
    acting = call.principal
    if acting.role_name:
        return f"{_role_id(call.project, acting.role_name)}:{acting.name.partition('/')[2]}"
    return iam_id("AIDA", acting.id)


def _role_id(project: Project, name: str) -> str:
    """Of a role that does not exist, one that stays the same."""
    role = IamRole.objects.filter(project=project, name__iexact=name).first()
    return iam_id("AROA", str(role.pk) if role else f"{project.pk}/{name.lower()}")
