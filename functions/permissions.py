"""IAM's policies evaluated: what a role may do, and whom a role, a function or a layer lets do something. Pure; how
they are written is policy_documents' and, for functions and layers, policies'.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import Enum

from functions.policy_conditions import PolicyCondition, filled, is_met, wildcard


class Decision(Enum):
    """How policies decide; nobody may do what nothing allows."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_ALLOWED = "not allowed"


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """One statement. `actions` and `resources` are patterns, or what is excepted where `but_actions` and
    `but_resources` say so (NotAction, NotResource). `principals` are those of a resource's policy."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    but_actions: bool = False
    but_resources: bool = False
    principals: tuple[str, ...] = ()
    conditions: tuple[PolicyCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as policies see it: `lambda:InvokeFunction` on an ARN, with condition keys in lower case."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def decide(statements: Iterable[PolicyStatement], asking: Asking) -> Decision:
    """What a role's policies say of a request: one Deny counts more than any Allow."""
    decision = Decision.NOT_ALLOWED
    for statement in statements:
        if not _applies(statement, asking):
            continue
        if not statement.allows:
            return Decision.DENIED
        decision = Decision.ALLOWED
    return decision


def admits(statements: Iterable[PolicyStatement], names: Set[str], asking: Asking) -> bool:
    """Whether a resource's policy lets somebody who goes by these names do it; a role's trust is such a policy."""
    meant = (one for one in statements if "*" in one.principals or not names.isdisjoint(one.principals))
    return decide(meant, asking) is Decision.ALLOWED


def _applies(statement: PolicyStatement, asking: Asking) -> bool:
    action = asking.action.lower()
    named = any(wildcard(pattern.lower()).match(action) for pattern in statement.actions)
    if named is statement.but_actions:
        return False
    patterns = (filled(pattern, asking.context) for pattern in statement.resources)
    on_it = any(wildcard(pattern).match(asking.resource) for pattern in patterns)
    if on_it is statement.but_resources:
        return False
    return all(is_met(condition, asking.context) for condition in statement.conditions)
