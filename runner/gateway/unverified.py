"""Who calls where signatures are not verified (FUNCTORY_UNVERIFIED=1): whoever a request says, for development on a
machine that nobody else reaches. What they may do is judged as ever."""

from __future__ import annotations

from functools import partial

from functions.errors import FunctoryError, UnrecognizedClient
from functions.signing import Claim, read_claim
from functions.snapshots import KeySnapshot, Principal
from runner.gateway.authorize import INVALID, Allowed, Authorizer, Refused
from runner.gateway.wire import Request


class Unverified(Authorizer):
    """Reads who signed, and believes it."""

    def known(self, request: Request) -> tuple[Principal, Claim] | None:  # noqa: ARG002 - `check` looks at it
        """Nobody is told at once."""
        return None

    def check(self, request: Request, allowed: Allowed, refused: Refused) -> None:
        """Tell one of the two, once. A request still has to say who calls, and for which service and region."""
        try:
            claim = read_claim(request)
        except FunctoryError as error:
            refused(error)
            return
        self._keys.key(claim.key_id, partial(self._believed, claim, allowed, refused))

    def _believed(
        self, claim: Claim, allowed: Allowed, refused: Refused, key: KeySnapshot | FunctoryError | None
    ) -> None:
        if isinstance(key, FunctoryError):
            refused(key)
        elif key is None:
            refused(UnrecognizedClient(INVALID))
        else:
            self._tell(claim, key, allowed, refused, None)
