"""Who calls: the signature of a request checked against the key that the catalog knows, and what that
person may invoke, by their own rights and by the policy of what they call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from functions import lineage
from functions.entitlements import decision, refusal_of
from functions.errors import (
    AccessDenied,
    ExpiredToken,
    FunctoryError,
    RecursiveInvocation,
    UnrecognizedClient,
)
from functions.permissions import Decision
from functions.policies import ANYONE, AUTH_TYPE, INVOKE, INVOKE_URL, VIA_URL, allows, names_of
from functions.signing import Claim, Signed, SignedRequest, read_claim, session_token, verify
from functions.snapshots import FunctionSnapshot, KeySnapshot, Principal, RoleSnapshot, Route
from functions.states import Role, UrlAuth
from functions.tokens import token_hash
from runner.gateway.invocation import now_us
from runner.gateway.wire import Request

Allowed = Callable[[Principal, Claim], None]
Refused = Callable[[FunctoryError], None]
INVALID = "The security token included in the request is invalid."
HASHED_AT_ONCE = 512 * 1024  # larger bodies are hashed on a thread, beside the loop


class Keys(Protocol):
    """Where keys are looked up."""

    def key(self, key_id: str, then: Callable[[Any], None]) -> None:
        """An access key; None when it does not work."""
        ...

    def known_key(self, key_id: str) -> KeySnapshot | None:
        """An access key that is known at once, or None."""
        ...

    def role(self, project_id: str, name: str, then: Callable[[Any], None]) -> None:
        """What an IAM role may do: a RoleSnapshot."""
        ...


class Authority(Protocol):
    """Who says whether a request may go on, and as whom."""

    def check(self, request: Request, allowed: Allowed, refused: Refused) -> None:
        """Tell one of the two, once."""
        ...

    def known(self, request: Request) -> tuple[Principal, Claim] | None:
        """Who calls, if that can be said at once; None to ask `check`. Raises FunctoryError for who may not."""
        ...


class Authorizer:
    """Checks signatures. Answers at once when the key is known, or after the catalog has read it."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._uses: dict[str, datetime] = {}

    def uses(self) -> dict[str, datetime]:
        """Keys that were used since the last question, and when last."""
        uses, self._uses = self._uses, {}
        return uses

    def known(self, request: Request) -> tuple[Principal, Claim] | None:
        """Who calls with a key that is known, under a signature that is soon verified; None for all others. Raises
        FunctoryError."""
        if request.spooled is not None or len(request.body) > HASHED_AT_ONCE:
            return None
        claim = read_claim(request)
        key = self._keys.known_key(claim.key_id)
        if key is None or key.principal.role_name:
            return None
        wrong = _unusable(key, request)
        if wrong is not None:
            raise wrong
        verify(request, claim, key.secret, datetime.now(UTC))
        self._uses[key.key_id] = claim.at
        return key.principal, claim

    def check(self, request: Request, allowed: Allowed, refused: Refused) -> None:
        """Tell one of the two, once."""
        signed = _signed(request)
        try:
            claim = read_claim(signed)
        except FunctoryError as error:
            refused(error)
            return
        self._keys.key(claim.key_id, partial(self._with_key, signed, claim, allowed, refused))

    def _with_key(
        self,
        signed: Signed,
        claim: Claim,
        allowed: Allowed,
        refused: Refused,
        key: KeySnapshot | FunctoryError | None,
    ) -> None:
        if isinstance(key, FunctoryError):
            refused(key)
        elif key is None:
            refused(UnrecognizedClient(INVALID))
        elif (wrong := _unusable(key, signed)) is not None:
            refused(wrong)
        elif len(signed.body) <= HASHED_AT_ONCE:
            self._tell(claim, key, allowed, refused, _verdict(signed, claim, key))
        else:
            loop = asyncio.get_running_loop()
            verdict = loop.run_in_executor(None, _verdict, signed, claim, key)
            tell = partial(self._tell, claim, key, allowed, refused)
            verdict.add_done_callback(lambda done: tell(done.result()))

    def _tell(
        self,
        claim: Claim,
        key: KeySnapshot,
        allowed: Allowed,
        refused: Refused,
        verdict: FunctoryError | None,
    ) -> None:
        if verdict is not None:
            refused(verdict)
        else:
            self._uses[key.key_id] = claim.at if claim.day else datetime.now(UTC)  # version 2 has no time
            principal = key.principal
            if principal.role_name:
                judge = partial(_as_role, key, claim, allowed, refused)
                self._keys.role(principal.project_id, principal.role_name, judge)
            else:
                allowed(principal, claim)


def _signed(request: Request) -> Signed:
    """What was signed: the request, with its body wherever that lies."""
    if request.spooled is None:
        return request
    return SignedRequest(request.method, request.path, request.query, request.headers, request.spooled)


def _unusable(key: KeySnapshot, signed: Signed) -> FunctoryError | None:
    """Why a key does not count, before its signature is looked at."""
    over = 0 < key.expires_us <= now_us()
    if over and key.token_hash:
        return ExpiredToken("The security token included in the request is expired")
    if over or token_hash(session_token(signed)) != key.token_hash:
        return UnrecognizedClient(INVALID)
    return None


def _as_role(
    key: KeySnapshot,
    claim: Claim,
    allowed: Allowed,
    refused: Refused,
    role: RoleSnapshot | FunctoryError,
) -> None:
    """Whoever acts as a role does so with what its policies say now."""
    if isinstance(role, FunctoryError):
        refused(role)
    elif key.needs_role and role.permissions is None:
        refused(UnrecognizedClient(INVALID))
    else:
        allowed(replace(key.principal, permissions=role.permissions), claim)


def _verdict(signed: Signed, claim: Claim, key: KeySnapshot) -> FunctoryError | None:
    try:
        verify(signed, claim, key.secret, datetime.now(UTC))
    except FunctoryError as error:
        return error
    return None


def may_invoke(
    principal: Principal, snapshot: FunctionSnapshot, route: Route, action: str = INVOKE, auth: str = ""
) -> None:
    """Raises AccessDenied for somebody who may not run the function. In the function's own project their own
    rights are enough, or a statement that names them; from another, both are needed. `auth` is a URL's AuthType."""
    own_rights = principal.role != Role.VIEWER and _is_entitled(principal, snapshot, route, action)
    same = principal.project_id == snapshot.project_id
    if same and own_rights:
        return
    stated = allows(route.statements, names_of(principal, same_account=same), action, _context(auth))
    if stated and (same or own_rights):
        return
    kind = "identity" if same or stated else "resource"
    raise denied(principal, snapshot.arn, kind, action)


def _is_entitled(principal: Principal, snapshot: FunctionSnapshot, route: Route, action: str) -> bool:
    """Whether an IAM role's policies allow it, for who acts as one; raises AccessDenied when they deny it."""
    if principal.permissions is None:
        return True
    arn = f"{snapshot.arn}:{route.qualifier}" if route.qualifier else snapshot.arn
    found = decision(principal, action, arn, snapshot.region, datetime.now(UTC))
    if found is Decision.DENIED:
        raise refusal_of(principal, action, arn, found)
    return found is Decision.ALLOWED


def may_visit(route: Route) -> None:
    """Raises AccessDenied unless the policy lets everybody call the qualifier's URL without a signature."""
    if not allows(route.statements, ANYONE, INVOKE_URL, _context(UrlAuth.NONE)):
        raise AccessDenied("Forbidden")


def chained(principal: Principal, snapshot: FunctionSnapshot, trace: str) -> str:
    """The trace header that the call goes on with: one function calling another extends the chain. Raises
    RecursiveInvocation when the chain has come back too often and the function does not allow it."""
    if principal.kind != "role":
        return trace
    trace, calls = lineage.extended(trace, snapshot.function_id)
    if calls > lineage.MOST_CALLS and not snapshot.may_recur:
        raise RecursiveInvocation(
            f"{snapshot.name} was called {lineage.MOST_CALLS} times by one chain of calls: a recursive loop. "
            "PutFunctionRecursionConfig allows it."
        )
    return trace


def denied(principal: Principal, arn: str, kind: str = "resource", action: str = INVOKE) -> AccessDenied:
    """AWS's words; `kind` is the policy that is missing."""
    return AccessDenied(
        f"User: {principal.arn} is not authorized to perform: {action} on resource: {arn} because no "
        f"{kind}-based policy allows the {action} action"
    )


def _context(auth: str) -> dict[str, str]:
    return {AUTH_TYPE: auth, VIA_URL: "true"} if auth else {}
