"""Statements put on a function and taken off it: who else may call it. What they mean is functions.policies'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from functions.errors import PreconditionFailed, ResourceNotFound
from functions.ids import new_id
from functions.models import Function, FunctionPolicy
from functions.naming import is_latest
from functions.policies import (
    ANYONE,
    AUTH_TYPE,
    INVOKE_URL,
    PUBLIC_URL_SID,
    allows,
    public_url_statement,
    read_statement,
    with_statement,
    without_statement,
)
from functions.queues import announce_change
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role, UrlAuth


@transaction.atomic
def add_permission(
    *,
    acting: Principal,
    function: Function,
    qualifier: str,
    statement: Mapping[str, Any],
    revision_id: str = "",
    first_revision_id: str = "",
) -> FunctionPolicy:
    """Put a statement (see policies.statement_document) on a qualifier. `revision_id` is the revision that the
    caller has read; before there is a policy, that is the qualifier's own, `first_revision_id`. Raises
    ResourceConflict for a Sid in use, PreconditionFailed and PolicyLengthExceeded."""
    require(acting, Role.DEVELOPER, function.project_id)
    policy = _held(function, qualifier) or FunctionPolicy(function=function, qualifier=_plain(qualifier))
    _check_revision(policy, revision_id, first_revision_id)
    policy.statements = with_statement(policy.statements, statement)
    _save(policy, acting, "policy.add", after=dict(statement))
    return policy


@transaction.atomic
def remove_permission(
    *, acting: Principal, function: Function, qualifier: str, sid: str, revision_id: str = ""
) -> None:
    """Take a statement off; raises ResourceNotFound when it is not there, and PreconditionFailed."""
    require(acting, Role.DEVELOPER, function.project_id)
    policy = _held(function, qualifier)
    if policy is None or not policy.statements:
        raise ResourceNotFound("No policy is associated with the given resource.")
    _check_revision(policy, revision_id, "")
    policy.statements = without_statement(policy.statements, sid)
    _save(policy, acting, "policy.remove", before={"Sid": sid})


@transaction.atomic
def allow_public_url(*, acting: Principal, function: Function, qualifier: str) -> None:
    """Let anyone call the qualifier's URL, as AWS's console does beside making one. Nothing is added where a
    statement allows it already."""
    policy = _held(function, qualifier)
    statements = policy.statements if policy else []
    found = [read_statement(statement) for statement in statements]
    if allows(found, ANYONE, INVOKE_URL, {AUTH_TYPE: UrlAuth.NONE}):
        return
    taken = {statement["Sid"] for statement in statements}
    sid = next(
        sid for sid in (PUBLIC_URL_SID, *(f"{PUBLIC_URL_SID}-{n}" for n in range(2, 99))) if sid not in taken
    )
    add_permission(acting=acting, function=function, qualifier=qualifier, statement=public_url_statement(sid))


def drop_policy(function: Function, qualifier: str) -> None:
    """A qualifier's policy goes with it; the caller records and announces."""
    FunctionPolicy.objects.filter(function=function, qualifier=_plain(qualifier)).delete()


def _held(function: Function, qualifier: str) -> FunctionPolicy | None:
    """The policy, held until the end of the transaction: with the function, since there may be none to lock."""
    Function.objects.select_for_update().only("pk").get(pk=function.pk)
    return FunctionPolicy.objects.filter(function=function, qualifier=_plain(qualifier)).first()


def _plain(qualifier: str) -> str:
    return "" if is_latest(qualifier) else qualifier


def _check_revision(policy: FunctionPolicy, expected: str, first: str) -> None:
    current = str(policy.revision) if policy.statements else first
    if expected and expected != current:
        raise PreconditionFailed(
            "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve "
            "the latest Revision Id"
        )


def _save(policy: FunctionPolicy, acting: Principal, action: str, **pictures: Mapping[str, Any]) -> None:
    policy.revision = new_id()
    policy.save()
    function = policy.function
    name = f"{function.name}:{policy.qualifier}" if policy.qualifier else function.name
    record(acting, action, policy, project_id=function.project_id, name=name, **pictures)
    announce_change(function.pk)
