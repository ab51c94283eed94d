"""The AWS endpoint inside sandboxes: 127.0.0.1:9000 of each one's own network namespace, also without a network.
Who asks is the function's role: each sandbox gets credentials of its own when it becomes a function's, and they
are good through its own listener only. Knows sandboxes by their id."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from functions.errors import AccessDenied, FunctoryError, MissingAuthenticationToken, UnrecognizedClient
from functions.protocols import WireProtocol, protocol_of
from functions.signing import Claim
from functions.snapshots import FunctionSnapshot, KeySnapshot, Principal
from functions.states import Role
from functions.tokens import token_hash
from runner.gateway import answers, invoke_api, stream_api
from runner.gateway.authorize import Allowed, Authorizer, Refused
from runner.gateway.exchange import Exchange
from runner.gateway.http import HttpConnection
from runner.gateway.listener import Listener
from runner.gateway.routes import (
    DATED,
    PAYLOAD,
    STORED,
    Part,
    is_invoke,
    is_neighbours,
    is_storage,
    refuse_storage,
)
from runner.gateway.wire import Request
from runner.sandbox.driver import Container, DriverError
from runner.sandbox.sandbox import Sandbox

PORT = 9000
ENDPOINT = f"http://127.0.0.1:{PORT}"
MOST_CONNECTIONS = 16  # of one sandbox: an SDK keeps ten, and each may hold an event of 6 MB here
DEFAULT_ROLE = "functory"
_KEY_LETTERS = string.ascii_uppercase + string.digits
_SECRET_LETTERS = string.ascii_letters + string.digits


WHO = b"Action=GetCallerIdentity"
Roles = Callable[[str, str, Callable[[Any], None]], None]
PassOn = Callable[[Exchange, Principal, Claim], None]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a sandbox speaks for. `token` comes with each request, `key` signs it."""

    key: KeySnapshot
    token: str


class Identities:
    """Who the sandboxes are. Implements authorize.Authority for requests from inside; `roles` says what IAM roles may
    do."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._of_sandbox: dict[str, Identity] = {}
        self._of_key: dict[str, Identity] = {}
        self._authorizer = Authorizer(self)

    def make(self, sandbox_id: str, snapshot: FunctionSnapshot) -> Identity:
        """The sandbox is that function's from now on."""
        key_id = "ASIA" + "".join(secrets.choice(_KEY_LETTERS) for _ in range(16))
        secret = "".join(secrets.choice(_SECRET_LETTERS) for _ in range(40))
        token = secrets.token_urlsafe(48)
        key = KeySnapshot(key_id, secret, principal_of(snapshot), token_hash=token_hash(token))
        identity = Identity(key, token)
        self._of_sandbox[sandbox_id] = self._of_key[key_id] = identity
        return identity

    def forget(self, sandbox_id: str) -> None:
        """It has ended."""
        if identity := self._of_sandbox.pop(sandbox_id, None):
            del self._of_key[identity.key.key_id]

    def known(self, request: Request) -> tuple[Principal, Claim] | None:  # noqa: ARG002 - a token has to be looked at
        """Nobody is told at once."""
        return None

    def known_key(self, key_id: str) -> KeySnapshot | None:  # noqa: ARG002 - `known` asks for none
        """Nothing is told at once."""
        return None

    def key(self, key_id: str, then: Callable[[KeySnapshot | None], None]) -> None:
        """As the catalog answers for people's keys."""
        identity = self._of_key.get(key_id)
        then(identity.key if identity else None)

    def role(self, project_id: str, name: str, then: Callable[[Any], None]) -> None:
        """As the catalog answers."""
        self._roles(project_id, name, then)

    def check(self, request: Request, allowed: Allowed, refused: Refused) -> None:
        """Tell one of the two, once: the signature must be made with the sandbox's own credentials."""
        identity = self._of_sandbox.get(request.peer)
        token = request.headers.get("x-amz-security-token", "")
        wrong = UnrecognizedClient("The security token included in the request is invalid.")
        if identity is None or not secrets.compare_digest(token.encode(), identity.token.encode()):
            refused(wrong if token else MissingAuthenticationToken("Missing Authentication Token"))
            return

        def told(principal: Principal, claim: Claim) -> None:
            if claim.key_id == identity.key.key_id:
                allowed(principal, claim)
            else:
                refused(wrong)

        self._authorizer.check(request, told, refused)


def principal_of(snapshot: FunctionSnapshot) -> Principal:
    """The function's role, as STS would name the session."""
    role = snapshot.role.rpartition("/")[2] or DEFAULT_ROLE
    return Principal(
        kind="role",
        id=snapshot.function_id,
        name=f"{role}/{snapshot.name}",
        project_id=snapshot.project_id,
        account=snapshot.account,
        role=Role.DEVELOPER,
    )


class InsideListener(Listener):
    """One listener for all sandboxes; a connection's peer is its sandbox's id."""

    def opened(self, connection: HttpConnection) -> bool:
        """Note a new connection; False when its sandbox has too many."""
        same = sum(one.peer == connection.peer for one in self._connections)
        return same < MOST_CONNECTIONS and super().opened(connection)

    async def listen_socket(self, bound: object, peer: str) -> asyncio.Server:
        """Serve a socket whose clients are all that peer."""
        loop = asyncio.get_running_loop()
        self.keep_deadlines()
        make = partial(HttpConnection, self, loop, peer)
        return await loop.create_server(make, sock=bound)  # type: ignore[call-overload, no-any-return]

    def hang_up(self, peer: str) -> None:
        """Cut what a peer has open."""
        for connection in [one for one in self._connections if one.peer == peer]:
            connection.expire()


class InsideRoutes:
    """What a function may ask: to invoke functions of its project, as its role's policies allow, and of the control
    plane what they allow, which web sees to."""

    least_body = PAYLOAD

    def __init__(self, identities: Identities, invoke: Part, stream: Part, pass_on: PassOn) -> None:
        self._identities = identities
        self._invoke = invoke
        self._stream = stream
        self._pass_on = pass_on

    def body_limit(self, request: Request) -> int:
        """An event or a piece of an object, with a little to spare so that the refusal says what was too large."""
        return STORED if is_storage(request) else PAYLOAD

    def refuse(self, exchange: Exchange, status: int, code: str, message: str) -> None:
        """A request that never became whole."""
        if is_storage(exchange.request):
            refuse_storage(exchange, status, code, message)
            return
        refusal: FunctoryError = FunctoryError(message)
        refusal.status, refusal.code = status, code
        answers.refuse(exchange, refusal)

    def handle(self, exchange: Exchange) -> None:
        """Hand the request to its part."""
        request = exchange.request
        path, posts = request.path, request.method == "POST"
        if is_storage(request):
            exchange.protocol = WireProtocol.REST_XML
            allowed = answers.guarded(exchange, self._asked, exchange)
            self._identities.check(request, allowed, partial(answers.refuse, exchange))
        elif posts and path.startswith(invoke_api.PREFIX) and is_invoke(path):
            self._invoke(exchange)
        elif posts and path.startswith(stream_api.PREFIX) and path.endswith(stream_api.SUFFIX):
            self._stream(exchange)
        else:
            if is_neighbours(request):
                exchange.protocol = protocol_of(path, request.headers)
            allowed = answers.guarded(exchange, self._asked, exchange)
            self._identities.check(request, allowed, partial(answers.refuse, exchange))

    def _asked(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        """Web is asked for functions whose role has been made alone; who one is, is told to all."""
        request = exchange.request
        known = principal.permissions is not None or WHO in request.body
        served = DATED.match(request.path) or is_neighbours(request) or is_storage(request)
        if not known or not served:
            raise AccessDenied(
                f"User: {principal.arn} is not authorized to perform: {request.method} {request.path[:200]} "
                "because no identity-based policy allows it: from inside, a function may invoke functions of its "
                "own project, and ask for what the policies of its role allow"
            )
        self._pass_on(exchange, principal, claim)


class Inside:
    """Gives each sandbox its door and its identity, and takes both away at its end."""

    def __init__(self, identities: Identities, listener: InsideListener) -> None:
        self._identities = identities
        self._listener = listener
        self._doors: dict[str, asyncio.Server] = {}

    async def open(self, sandbox: Sandbox, container: Container) -> None:
        """Listen inside a generic sandbox, while nobody waits for it. Without the privilege to enter its network
        there is no door, and no address is told."""
        loop = asyncio.get_running_loop()
        try:
            bound = await loop.run_in_executor(None, container.listen_inside, PORT)
        except DriverError:
            return
        if not sandbox.alive:
            bound.close()
            return
        self._doors[sandbox.id] = await self._listener.listen_socket(bound, sandbox.id)
        before = sandbox.on_gone

        def gone() -> None:
            if before is not None:
                before()
            self._close(sandbox.id)

        sandbox.on_gone = gone

    def environment(self, sandbox_id: str, snapshot: FunctionSnapshot) -> dict[str, str]:
        """The variables by which SDKs find address and credentials; none where there is no door."""
        if sandbox_id not in self._doors:
            return {}
        identity = self._identities.make(sandbox_id, snapshot)
        return {
            "AWS_ENDPOINT_URL": ENDPOINT,
            "AWS_ACCESS_KEY_ID": identity.key.key_id,
            "AWS_SECRET_ACCESS_KEY": identity.key.secret,
            "AWS_SESSION_TOKEN": identity.token,
        }

    def _close(self, sandbox_id: str) -> None:
        if door := self._doors.pop(sandbox_id, None):
            door.close()
        self._listener.hang_up(sandbox_id)
        self._identities.forget(sandbox_id)
