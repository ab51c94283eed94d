"""Who sandboxes are, and that their doors close with them. Real sandboxes: test_inside_docker.py."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions.errors import MissingAuthenticationToken, UnrecognizedClient
from functions.protocols import WireProtocol
from functions.snapshots import RoleSnapshot
from runner.gateway.inside import MOST_CONNECTIONS, PORT, Identities, Inside, InsideListener, InsideRoutes
from runner.gateway.wire import Request
from runner.sandbox.driver import DriverError
from tests.runner.gateway.boxes import snapshot


def no_role(project_id, name, then) -> None:
    then(RoleSnapshot(project_id, name, None))


def nothing(*_) -> None:
    return


def request_of(identity, peer: str, token: str | None = None) -> Request:
    """An Invoke from a sandbox, signed by botocore."""
    signed = AWSRequest("POST", f"http://127.0.0.1:{PORT}/2015-03-31/functions/hello/invocations", data=b"{}")
    credentials = Credentials(
        identity.key.key_id, identity.key.secret, token if token is not None else identity.token
    )
    SigV4Auth(credentials, "lambda", "us-east-1").add_auth(signed)
    headers = {name.lower(): value for name, value in signed.headers.items()}
    request = Request(
        "POST", "/2015-03-31/functions/hello/invocations", {"host": f"127.0.0.1:{PORT}", **headers}
    )
    request.body, request.peer = b"{}", peer
    return request


def verdict(identities: Identities, request: Request) -> object:
    """The principal, or the refusal."""
    told: list[object] = []
    identities.check(request, lambda principal, _claim: told.append(principal), told.append)
    (one,) = told
    return one


def test_a_sandbox_speaks_for_its_functions_role():
    identities = Identities(no_role)
    made = identities.make("a", snapshot(role="arn:aws:iam::000000000001:role/service/clerk"))
    principal = verdict(identities, request_of(made, "a"))
    assert (principal.kind, principal.name) == ("role", "clerk/hello")
    assert principal.arn.endswith(":assumed-role/clerk/hello")


def test_nobody_else_does():
    identities = Identities(no_role)
    mine, others = identities.make("a", snapshot()), identities.make("b", snapshot())
    assert isinstance(verdict(identities, request_of(mine, "b")), UnrecognizedClient)
    assert isinstance(verdict(identities, request_of(mine, "c")), UnrecognizedClient)
    assert isinstance(verdict(identities, request_of(mine, "b", others.token)), UnrecognizedClient)
    assert isinstance(verdict(identities, request_of(mine, "a", "")), MissingAuthenticationToken)


def test_when_it_has_ended_its_credentials_have():
    identities = Identities(no_role)
    made = identities.make("a", snapshot())
    identities.forget("a")
    identities.forget("a")
    assert isinstance(verdict(identities, request_of(made, "a")), UnrecognizedClient)


class Box:
    """As much of a sandbox and of its container as a door needs."""

    def __init__(self, *, privileged: bool = True) -> None:
        self.id = "a"
        self.alive = True
        self.gone_before = 0
        self.on_gone = self._note
        self.privileged = privileged
        self.port = 0

    def _note(self) -> None:
        self.gone_before += 1

    def listen_inside(self, port: int) -> socket.socket:
        assert port == PORT
        if not self.privileged:
            raise DriverError("not as root")
        bound = socket.create_server(("127.0.0.1", 0))
        bound.setblocking(False)
        self.port = bound.getsockname()[1]
        return bound


def run(body) -> None:
    async def main() -> None:
        identities = Identities(no_role)
        listener = InsideListener(InsideRoutes(identities, nothing, nothing, nothing))
        await body(Inside(identities, listener), identities, listener)
        await listener.stop(0)

    asyncio.run(main())


def test_its_door_closes_with_it_and_hangs_up():
    async def body(inside, identities, listener):
        box = Box()
        await inside.open(box, box)
        environment = inside.environment("a", snapshot())
        assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9000"
        reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
        await asyncio.sleep(0.05)
        assert listener.connections == 1
        box.on_gone()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert box.gone_before == 1
        refused = asyncio.open_connection("127.0.0.1", box.port)
        try:
            await refused
        except OSError:
            pass
        else:
            raise AssertionError("the door is still open")
        assert identities._of_sandbox == identities._of_key == {}
        writer.close()

    run(body)


def test_one_sandbox_has_so_many_connections_and_no_more():
    async def body(inside, _identities, listener):
        box, writers = Box(), []
        await inside.open(box, box)
        for _ in range(MOST_CONNECTIONS):
            writers.append((await asyncio.open_connection("127.0.0.1", box.port))[1])
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert listener.connections == MOST_CONNECTIONS
        for one in (*writers, writer):
            one.close()
        box.on_gone()

    run(body)


def test_without_the_privilege_no_address_is_told():
    async def body(inside, _identities, _listener):
        box = Box(privileged=False)
        await inside.open(box, box)
        assert inside.environment("a", snapshot()) == {}
        box.on_gone()

    run(body)


def test_one_that_ended_meanwhile_gets_no_door():
    async def body(inside, _identities, _listener):
        box = Box()
        box.alive = False
        await inside.open(box, box)
        assert inside.environment("a", snapshot()) == {}

    run(body)


def ask(identities, request) -> list[object]:
    """What the sandbox's door answers: what was passed on, or the refusals."""
    told: list[object] = []

    class Answer:
        protocol = WireProtocol.REST_JSON
        on_refused = None

        def respond(self, status, headers, body):
            told.append((status, dict(headers).get("x-amzn-ErrorType", body)))

    exchange = Answer()
    exchange.request = request
    routes = InsideRoutes(identities, nothing, nothing, lambda _, principal, claim: told.append(principal))
    routes.handle(exchange)
    return told


def signed(identity, method: str, path: str, body: bytes = b"", **headers: str) -> Request:
    request = AWSRequest(method, f"http://127.0.0.1:{PORT}{path}", data=body, headers=headers)
    credentials = Credentials(identity.key.key_id, identity.key.secret, identity.token)
    SigV4Auth(credentials, "lambda", "us-east-1").add_auth(request)
    sent = {name.lower(): value for name, value in request.headers.items()}
    found = Request(method, path, {"host": f"127.0.0.1:{PORT}", **sent})
    found.body, found.peer = body, "a"
    return found


FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_the_control_plane_is_asked_for_roles_that_exist():
    def role(project_id, name, then) -> None:
        then(RoleSnapshot(project_id, name, ()))

    identities = Identities(role)
    made = identities.make("a", snapshot())
    (passed,) = ask(identities, signed(made, "GET", "/2015-03-31/functions/"))
    assert (passed.kind, passed.permissions) == ("role", ())
    (refusal,) = ask(identities, signed(made, "GET", "/elsewhere"))
    assert refusal == (403, "AccessDeniedException")


def test_of_others_only_who_they_are():
    identities = Identities(no_role)
    made = identities.make("a", snapshot())
    (passed,) = ask(identities, signed(made, "POST", "/", b"Action=GetCallerIdentity", **FORM))
    assert passed.kind == "role"
    (refusal,) = ask(identities, signed(made, "GET", "/2015-03-31/functions/"))
    assert refusal == (403, "AccessDeniedException")
    ((status, text),) = ask(identities, signed(made, "POST", "/", b"Action=ListRoles", **FORM))
    assert (status, b"<Code>AccessDenied</Code>" in text) == (403, True)
