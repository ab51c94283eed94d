"""Passes signed control-plane calls on to web over its unix socket, with the caller's principal vouched for.
Checks the signature itself; what the call means is web's business."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from string import punctuation
from urllib.parse import quote

import httpx

from functions.errors import ServiceUnavailable
from functions.signing import Claim
from functions.snapshots import Principal
from functions.tokens import sign_principal
from runner.gateway import answers
from runner.gateway.authorize import Authorizer
from runner.gateway.exchange import Exchange

PRINCIPAL = "x-functory-principal"
# As it came over the wire: servers below decode it, and an encoded slash inside a name would become a real one.
PATH = "x-functory-path"
ANSWER_S = 120.0
# What belongs to one connection only (RFC 9110, 7.6.1), and what must not be forged or is made anew.
DROPPED = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "expect", "content-length", "date", "server", PRINCIPAL, PATH,
    }
)  # fmt: skip


class Relay:
    """Serves every operation but Invoke."""

    def __init__(
        self, authorizer: Authorizer, web_socket: Path, key: bytes, *, most_at_once: int = 32
    ) -> None:
        self._authorizer = authorizer
        self._key = key
        transport = httpx.AsyncHTTPTransport(
            uds=str(web_socket),
            limits=httpx.Limits(max_connections=most_at_once, max_keepalive_connections=8),
        )
        self._http = httpx.AsyncClient(transport=transport, base_url="http://web", timeout=ANSWER_S)
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, exchange: Exchange) -> None:
        """Check the signature, then pass the call on."""
        refused = partial(answers.refuse, exchange)
        self._authorizer.check(exchange.request, partial(self.pass_on, exchange), refused)

    def pass_on(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        """Pass on the call of somebody who is known already."""
        self._spawn(self._pass_on(exchange, principal, claim))

    async def _pass_on(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        request = exchange.request
        headers = [(name, value) for name, value in request.headers.items() if name not in DROPPED]
        headers.append((PRINCIPAL, sign_principal(self._key, principal)))
        headers.append(("x-functory-region", claim.region))
        headers.append((PATH, quote(request.path.encode("latin-1"), safe=punctuation)))
        target = f"{request.path}?{request.query}" if request.query else request.path
        outgoing = self._http.build_request(
            request.method,
            httpx.URL("http://web", raw_path=target.encode("latin-1")),
            headers=headers,
            content=request.body,
        )
        try:
            reply = await self._http.send(outgoing, stream=True)
            body = b"".join([piece async for piece in reply.aiter_raw()])  # as it is, perhaps compressed
            await reply.aclose()
        except httpx.TransportError as error:
            answers.refuse(exchange, down(error))
            return
        kept = [(name, value) for name, value in reply.headers.items() if name not in DROPPED]
        exchange.respond(reply.status_code, kept, body)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is under way, then close."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        await self._http.aclose()


def down(error: httpx.TransportError) -> ServiceUnavailable:
    """Why the control plane did not answer."""
    if isinstance(error, httpx.ReadTimeout):
        return ServiceUnavailable("The control plane did not answer in time.")
    return ServiceUnavailable("The control plane is not running; functions can still be invoked.")
