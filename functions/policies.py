"""Resource policies of functions and layers: what AddPermission writes down, and how that is read to be evaluated
(functions.permissions). Pure; knows no rows.
https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from functions.errors import InvalidParameterValue, PolicyLengthExceeded, ResourceConflict, ResourceNotFound
from functions.permissions import Asking, PolicyStatement, admits
from functions.policy_conditions import PolicyCondition
from functions.snapshots import Principal
from functions.states import UrlAuth

INVOKE = "lambda:InvokeFunction"
INVOKE_URL = "lambda:InvokeFunctionUrl"
GET_LAYER = "lambda:GetLayerVersion"
AUTH_TYPE = "lambda:FunctionUrlAuthType"
VIA_URL = "lambda:InvokedViaFunctionUrl"
ANYONE = frozenset({"*"})
# As AWS's console names it when somebody makes a URL that anyone may call.
PUBLIC_URL_SID = "FunctionURLAllowPublicAccess"
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: resource-based policy, 20 KB.
LONGEST_POLICY = 20_480

_ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-zA-Z-]*:(?:iam|sts)::\d{12}:[\w+=,.@/*-]+")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?")
# AddPermission's member, the operator it becomes, and the condition key (API_AddPermission).
_CONDITIONS = (
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("FunctionUrlAuthType", "StringEquals", AUTH_TYPE),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("InvokedViaFunctionUrl", "Bool", VIA_URL),
)


def statement_document(sid: str, action: str, principal: str, **members: Any) -> dict[str, Any]:
    """A statement as GetPolicy shows it, without its Resource; `members` are the other ones of AddPermission.
    Raises InvalidParameterValue."""
    if members.get("FunctionUrlAuthType") and action != INVOKE_URL:
        raise InvalidParameterValue(f"FunctionUrlAuthType is only supported for {INVOKE_URL} action")
    document: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": _principal_member(principal),
        "Action": action,
    }
    conditions: dict[str, dict[str, str]] = {}
    for name, operator, key in _CONDITIONS:
        value = members.get(name)
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else value
            conditions.setdefault(operator, {})[key] = text
    if conditions:
        document["Condition"] = conditions
    return document


def public_url_statement(sid: str = PUBLIC_URL_SID) -> dict[str, Any]:
    """What lets anyone call a function URL without a signature."""
    return statement_document(sid, INVOKE_URL, "*", FunctionUrlAuthType=UrlAuth.NONE.value)


def with_statement(
    statements: Sequence[Mapping[str, Any]], added: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Statements with one more; raises ResourceConflict for a Sid in use, and PolicyLengthExceeded."""
    if any(known["Sid"] == added["Sid"] for known in statements):
        raise ResourceConflict(
            f"The statement id ({added['Sid']}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )
    found = [*statements, dict(added)]
    if len(json.dumps(found)) > LONGEST_POLICY:
        raise PolicyLengthExceeded(f"The final policy size is bigger than the limit ({LONGEST_POLICY}).")
    return found


def without_statement(statements: Sequence[Mapping[str, Any]], sid: str) -> list[Mapping[str, Any]]:
    """Statements without that of a Sid; raises ResourceNotFound when it is not there."""
    kept = [statement for statement in statements if statement["Sid"] != sid]
    if len(kept) == len(statements):
        raise ResourceNotFound(f"Statement {sid} is not found in resource policy.")
    return kept


def read_statement(document: Mapping[str, Any]) -> PolicyStatement:
    """A stored statement as it is evaluated; the resource is the one that it is stored with."""
    principal = document["Principal"]
    return PolicyStatement(
        allows=True,
        actions=(document["Action"],),
        principals=(principal if isinstance(principal, str) else next(iter(principal.values())),),
        conditions=tuple(
            PolicyCondition(operator, key.lower(), (value,))
            for operator, keys in document.get("Condition", {}).items()
            for key, value in keys.items()
        ),
    )


def allows(
    statements: Iterable[PolicyStatement], names: Set[str], action: str, context: Mapping[str, str]
) -> bool:
    """Whether a statement lets somebody of these names do it. `context` holds condition keys as AWS spells them;
    a condition on a key that the call does not have is not met, as in AWS."""
    known = {key.lower(): value for key, value in context.items()}
    return admits(statements, names, Asking(action, "*", known))


def names_of(principal: Principal, *, same_account: bool) -> frozenset[str]:
    """The principals of a statement that mean this caller. To name an account allows the other account's people;
    within the account itself it only leaves the decision to their own rights
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html)."""
    own = {"*", principal.arn}
    if principal.role_name:
        own.add(f"arn:aws:iam::{principal.account}:role/{principal.role_name}")
    account = set() if same_account else {principal.account, f"arn:aws:iam::{principal.account}:root"}
    return frozenset(own | account)


def _principal_member(principal: str) -> str | dict[str, str]:
    if principal == "*":
        return "*"
    if _ACCOUNT.fullmatch(principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    if _PRINCIPAL_ARN.fullmatch(principal):
        return {"AWS": principal}
    if _SERVICE.fullmatch(principal):
        return {"Service": principal}
    raise InvalidParameterValue(
        "The provided principal was invalid. Please check the principal and try again."
    )
