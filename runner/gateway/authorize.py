"""Who calls: the signature of a request checked against the key that the catalog knows, and what that
person may invoke. Policies of AddPermission come with their own issue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from functions.errors import AccessDenied, FunctoryError, UnrecognizedClient
from functions.signing import Claim, SignedRequest, read_claim, verify
from functions.snapshots import FunctionSnapshot, KeySnapshot, Principal
from functions.states import Role
from runner.gateway.catalog import Catalog
from runner.gateway.invocation import now_us
from runner.gateway.wire import Request

Allowed = Callable[[Principal, Claim], None]
Refused = Callable[[FunctoryError], None]
HASHED_AT_ONCE = 512 * 1024  # larger bodies are hashed on a thread, beside the loop


class Authorizer:
    """Checks signatures. Answers at once when the key is known, or after the catalog has read it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def check(self, request: Request, allowed: Allowed, refused: Refused) -> None:
        """Tell one of the two, once."""
        signed = SignedRequest(request.method, request.path, request.query, request.headers, request.body)
        try:
            claim = read_claim(signed)
        except FunctoryError as error:
            refused(error)
            return
        self._catalog.key(claim.key_id, partial(self._with_key, signed, claim, allowed, refused))

    def _with_key(
        self,
        signed: SignedRequest,
        claim: Claim,
        allowed: Allowed,
        refused: Refused,
        key: KeySnapshot | FunctoryError | None,
    ) -> None:
        if isinstance(key, FunctoryError):
            refused(key)
        elif key is None or (key.expires_us and key.expires_us <= now_us()):
            refused(UnrecognizedClient("The security token included in the request is invalid."))
        elif len(signed.body) <= HASHED_AT_ONCE:
            _tell(_verdict(signed, claim, key), claim, key, allowed, refused)
        else:
            loop = asyncio.get_running_loop()
            verdict = loop.run_in_executor(None, _verdict, signed, claim, key)
            verdict.add_done_callback(lambda done: _tell(done.result(), claim, key, allowed, refused))


def _verdict(signed: SignedRequest, claim: Claim, key: KeySnapshot) -> FunctoryError | None:
    try:
        verify(signed, claim, key.secret, datetime.now(UTC))
    except FunctoryError as error:
        return error
    return None


def _tell(
    verdict: FunctoryError | None, claim: Claim, key: KeySnapshot, allowed: Allowed, refused: Refused
) -> None:
    if verdict is not None:
        refused(verdict)
    else:
        allowed(key.principal, claim)


def may_invoke(principal: Principal, snapshot: FunctionSnapshot) -> None:
    """Raises AccessDenied for somebody who may not run the function: of another project, or only a viewer."""
    if principal.project_id == snapshot.project_id and principal.role != Role.VIEWER:
        return
    raise AccessDenied(
        f"User: {principal.arn} is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{snapshot.arn} because no identity-based policy allows the lambda:InvokeFunction action"
    )
