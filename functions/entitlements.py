"""What somebody who acts as an IAM role is entitled to, in AWS's words when it is not enough. Pure; for everybody
else the role in the project decides alone."""

from __future__ import annotations

from datetime import datetime

from functions.errors import AccessDenied
from functions.permissions import Asking, Decision, decide
from functions.snapshots import Principal

_WHY = {
    Decision.DENIED: "with an explicit deny in an identity-based policy",
    Decision.NOT_ALLOWED: "because no identity-based policy allows the {action} action",
}


def decision(principal: Principal, action: str, resource: str, region: str, now: datetime) -> Decision:
    """What the principal's permissions say; without permissions nothing is held against them."""
    if principal.permissions is None:
        return Decision.ALLOWED
    return decide(principal.permissions, Asking(action, resource, context_of(principal, region, now)))


def check_entitled(principal: Principal, action: str, resource: str, region: str, now: datetime) -> None:
    """Raises AccessDenied unless the principal's permissions allow it."""
    found = decision(principal, action, resource, region, now)
    if found is not Decision.ALLOWED:
        raise refusal_of(principal, action, resource, found)


def refusal_of(principal: Principal, action: str, resource: str, found: Decision) -> AccessDenied:
    """As AWS words it
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html)."""
    return AccessDenied(
        f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource} "
        + _WHY[found].format(action=action)
    )


def context_of(principal: Principal, region: str, now: datetime) -> dict[str, str]:
    """The global condition keys that a request here has."""
    role = principal.role_name
    arn = f"arn:aws:iam::{principal.account}:role/{role}" if role else principal.arn
    found = {
        "aws:principalarn": arn,
        "aws:principalaccount": principal.account,
        "aws:principaltype": "AssumedRole" if role else "User",
        "aws:requestedregion": region,
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
    }
    if not role:
        found["aws:username"] = principal.name
    if principal.address:
        found["aws:sourceip"] = principal.address
    return found
