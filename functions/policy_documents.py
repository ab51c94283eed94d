"""IAM policy documents: their JSON read into statements, and AWS's refusals of what cannot be one. Pure.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from functions.errors import MalformedPolicyDocument
from functions.permissions import PolicyStatement
from functions.policy_conditions import PolicyCondition, read_operator

_VERSIONS = ("2012-10-17", "2008-10-17")
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?-]+")
_SID = re.compile(r"[A-Za-z0-9 ]*")
_ACCOUNT = re.compile(r"\d{12}")
_TRUST_ACTION = re.compile(r"sts:(\*|[A-Za-z*?]+)", re.IGNORECASE)
_STATEMENT = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)


def read_permissions(text: str) -> tuple[PolicyStatement, ...]:
    """The statements of an identity policy; raises MalformedPolicyDocument."""
    return tuple(_permission(statement) for statement in _statements(text))


def read_trust(text: str) -> tuple[PolicyStatement, ...]:
    """The statements of a role's trust policy; raises MalformedPolicyDocument."""
    return tuple(_trust(statement) for statement in _statements(text))


def _statements(text: str) -> list[Mapping[str, Any]]:
    document = _object(text)
    if document.keys() - {"Version", "Id", "Statement"} or "Statement" not in document:
        raise MalformedPolicyDocument("Syntax errors in policy.")
    if document.get("Version", _VERSIONS[1]) not in _VERSIONS:
        raise MalformedPolicyDocument("The policy must contain a valid version string")
    found = document["Statement"]
    statements = found if isinstance(found, list) else [found]
    sids = [one.get("Sid") for one in statements if isinstance(one, dict) and one.get("Sid")]
    if len(sids) != len(set(map(str, sids))):
        raise MalformedPolicyDocument("Statement IDs (SID) in a single policy must be unique.")
    return [_checked(statement) for statement in statements]


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    if not isinstance(document, dict):
        raise MalformedPolicyDocument("This policy contains invalid Json")
    return document


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that comes twice could be read one way here and another there."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _checked(statement: Any) -> Mapping[str, Any]:
    """What identity and trust policies have in common."""
    if not isinstance(statement, dict) or statement.keys() - _STATEMENT:
        raise MalformedPolicyDocument("Syntax errors in policy.")
    if statement.get("Effect") not in {"Allow", "Deny"}:
        raise MalformedPolicyDocument("Missing required field Effect cannot be empty!")
    sid = statement.get("Sid", "")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise MalformedPolicyDocument(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
            "[0-9A-Za-z]*"
        )
    if ("Action" in statement) == ("NotAction" in statement):
        raise MalformedPolicyDocument("Policy statement must contain actions.")
    return statement


def _permission(statement: Mapping[str, Any]) -> PolicyStatement:
    if "Principal" in statement or "NotPrincipal" in statement:
        raise MalformedPolicyDocument("Policy document should not specify a principal.")
    if ("Resource" in statement) == ("NotResource" in statement):
        raise MalformedPolicyDocument("Policy statement must contain resources.")
    resources = _texts(statement, "Resource", "NotResource")
    for resource in resources:
        if resource != "*" and not resource.startswith(("arn:", "*:", "${")):
            raise MalformedPolicyDocument(f'Resource {resource[:200]} must be in ARN format or "*".')
    return PolicyStatement(
        allows=statement["Effect"] == "Allow",
        actions=_actions(statement),
        resources=resources,
        but_actions="NotAction" in statement,
        but_resources="NotResource" in statement,
        conditions=_conditions(statement),
    )


def _trust(statement: Mapping[str, Any]) -> PolicyStatement:
    if "Resource" in statement or "NotResource" in statement:
        raise MalformedPolicyDocument("Has prohibited field Resource")
    if "NotPrincipal" in statement or not statement.get("Principal"):
        raise MalformedPolicyDocument("Missing required field Principal cannot be empty!")
    actions = _texts(statement, "Action", "NotAction")
    if not all(_TRUST_ACTION.fullmatch(action) for action in actions):
        raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")
    return PolicyStatement(
        allows=statement["Effect"] == "Allow",
        actions=actions,
        but_actions="NotAction" in statement,
        principals=_principals(statement["Principal"]),
        conditions=_conditions(statement),
    )


def _actions(statement: Mapping[str, Any]) -> tuple[str, ...]:
    actions = _texts(statement, "Action", "NotAction")
    for action in actions:
        if action != "*" and not _ACTION.fullmatch(action):
            raise MalformedPolicyDocument(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )
    return actions


def _principals(given: Any) -> tuple[str, ...]:
    """Accounts by their root's ARN, everybody else as written."""
    if given == "*":
        return ("*",)
    if not isinstance(given, dict) or given.keys() - {"AWS", "Service", "Federated", "CanonicalUser"}:
        raise MalformedPolicyDocument("Invalid principal in policy.")
    found = [(kind, name) for kind in given for name in _texts(given, kind)]
    for kind, name in found:
        known = name == "*" or bool(_ACCOUNT.fullmatch(name)) or name.startswith("arn:")
        if kind == "AWS" and not known:
            raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{name[:200]}"')
    return tuple(f"arn:aws:iam::{name}:root" if _ACCOUNT.fullmatch(name) else name for _, name in found)


def _conditions(statement: Mapping[str, Any]) -> tuple[PolicyCondition, ...]:
    block = statement.get("Condition", {})
    if not isinstance(block, dict) or not all(isinstance(keys, dict) for keys in block.values()):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    return tuple(
        _condition(name, key, values) for name, keys in block.items() for key, values in keys.items()
    )


def _condition(name: str, key: str, values: Any) -> PolicyCondition:
    try:
        operator, if_exists, set_operator = read_operator(name)
    except ValueError:
        raise MalformedPolicyDocument(f"Invalid Condition type : {name[:100]}") from None
    listed = values if isinstance(values, list) else [values]
    if not all(isinstance(value, str | bool | int | float) for value in listed):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    texts = tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in listed)
    return PolicyCondition(operator, key.lower(), texts, if_exists, set_operator)


def _texts(source: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """A member that is one text or a list of them, under the first of the names that is there."""
    found = next(source[name] for name in names if name in source)
    listed = found if isinstance(found, list) else [found]
    if not listed or not all(isinstance(text, str) for text in listed):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    return tuple(listed)
