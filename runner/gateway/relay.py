"""Passes signed control-plane calls on to web over its unix socket, with the caller's principal vouched for.
Checks the signature itself; what the call means is web's business."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from string import punctuation
from urllib.parse import quote

import httpx

from functions.errors import ServiceUnavailable
from functions.message_queues import LONGEST_WAIT_S
from functions.object_errors import NoSuchKey
from functions.object_files import ObjectFiles, Slice
from functions.protocols import FILES, WAIT, WireProtocol
from functions.signing import Claim
from functions.snapshots import Principal
from functions.tokens import sign_principal
from runner.gateway import answers
from runner.gateway.authorize import Authorizer
from runner.gateway.exchange import Exchange
from runner.gateway.object_blocks import send_blocks
from runner.gateway.spool import blocks
from runner.gateway.wire import Request

PRINCIPAL = "x-functory-principal"
# As it came over the wire: servers below decode it, and an encoded slash inside a name would become a real one.
PATH = "x-functory-path"
ANSWER_S = 120.0
# Of those who wait for a message: how often web is asked, and how many may wait; others are answered at once.
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 0.5
MOST_WAITING = 200
STORAGE_PREFIX = "/s3"  # where web has S3
NO_CONTENT = 204
# What belongs to one connection only (RFC 9110, 7.6.1), and what must not be forged or is made anew.
DROPPED = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "expect", "content-length", "date", "server", PRINCIPAL, PATH, WAIT, FILES,
    }
)  # fmt: skip


class Relay:
    """Serves every operation but Invoke."""

    def __init__(
        self,
        authorizer: Authorizer,
        web_socket: Path,
        key: bytes,
        files: ObjectFiles,
        *,
        most_at_once: int = 32,
    ) -> None:
        self._files = files
        self._authorizer = authorizer
        self._key = key
        transport = httpx.AsyncHTTPTransport(
            uds=str(web_socket),
            limits=httpx.Limits(max_connections=most_at_once, max_keepalive_connections=8),
        )
        self._http = httpx.AsyncClient(transport=transport, base_url="http://web", timeout=ANSWER_S)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._closing = asyncio.Event()

    def handle(self, exchange: Exchange) -> None:
        """Check the signature, then pass the call on."""
        refused = partial(answers.refuse, exchange)
        self._authorizer.check(exchange.request, partial(self.pass_on, exchange), refused)

    def pass_on(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        """Pass on the call of somebody who is known already."""
        self._spawn(self._pass_on(exchange, principal, claim))

    async def _pass_on(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        if exchange.protocol is WireProtocol.REST_XML:
            await self._serve_storage(exchange, principal, claim)
            return
        try:
            reply, body = await self._patiently(exchange, principal, claim)
        except httpx.TransportError as error:
            answers.refuse(exchange, down(error))
            return
        kept = [(name, value) for name, value in reply.headers.items() if name not in DROPPED]
        exchange.respond(reply.status_code, kept, body)

    async def _patiently(
        self, exchange: Exchange, principal: Principal, claim: Claim
    ) -> tuple[httpx.Response, bytes]:
        """The answer; where web has none yet and the caller wants to wait (a long poll of a queue), it is asked again
        until then. So nobody who waits holds one of its threads."""
        loop = asyncio.get_running_loop()
        begun, pause = loop.time(), FIRST_PAUSE_S
        reply, body = await self._ask(exchange.request, principal, claim)
        wait_s = min(float(reply.headers.get(WAIT, 0)), LONGEST_WAIT_S)
        if not wait_s or self._waiting >= MOST_WAITING:
            return reply, body
        self._waiting += 1
        try:
            while WAIT in reply.headers and loop.time() + pause < begun + wait_s:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), pause)
                if exchange.done or self._closing.is_set():
                    break
                reply, body = await self._ask(exchange.request, principal, claim)
                pause = min(pause * 1.5, LONGEST_PAUSE_S)
        finally:
            self._waiting -= 1
        return reply, body

    async def _serve_storage(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        """S3: an object's bytes are sent from their files, so that who reads slowly holds no thread of web's. Files
        that are gone were replaced a moment ago: web is asked once more."""
        for _ in range(2):
            try:
                reply = await self._send(exchange.request, principal, claim, prefix=STORAGE_PREFIX)
                body = await reply.aread()
            except httpx.TransportError as error:
                answers.refuse(exchange, down(error))
                return
            kept = [(name, value) for name, value in reply.headers.items() if name not in DROPPED]
            if FILES not in reply.headers:
                exchange.request.body, exchange.request.spooled = b"", None  # which web has by now
                length = int(reply.headers.get("content-length", len(body)))
                exchange.begin(reply.status_code, kept, None if reply.status_code == NO_CONTENT else length)
                exchange.write(body)
                exchange.finish()
                return
            slices = [Slice(*one) for one in json.loads(body)]
            with suppress(FileNotFoundError):
                blocks = self._files.read(slices)
                await send_blocks(
                    exchange, reply.status_code, kept, blocks, sum(one.length for one in slices)
                )
                return
        answers.refuse(exchange, NoSuchKey("The object was replaced while it was being read: read it again."))

    async def _ask(
        self, request: Request, principal: Principal, claim: Claim
    ) -> tuple[httpx.Response, bytes]:
        reply = await self._send(request, principal, claim)
        body = b"".join([piece async for piece in reply.aiter_raw()])  # as it is, perhaps compressed
        await reply.aclose()
        return reply, body

    async def _send(
        self, request: Request, principal: Principal, claim: Claim, prefix: str = ""
    ) -> httpx.Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in DROPPED]
        acting = replace(principal, region=claim.region)
        headers.append((PRINCIPAL, sign_principal(self._key, acting)))
        headers.append((PATH, quote(request.path.encode("latin-1"), safe=punctuation)))
        if request.spooled is not None:  # of an unknown length it would go in chunks
            headers.append(("content-length", str(len(request.spooled))))
        path = f"{prefix}{request.path}"
        target = f"{path}?{request.query}" if request.query else path
        outgoing = self._http.build_request(
            request.method,
            httpx.URL("http://web", raw_path=target.encode("latin-1")),
            headers=headers,
            content=request.body if request.spooled is None else blocks(request.spooled),
        )
        return await self._http.send(outgoing, stream=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is under way, then close. Who waits for a message is answered now."""
        self._closing.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        await self._http.aclose()


def down(error: httpx.TransportError) -> ServiceUnavailable:
    """Why the control plane did not answer."""
    if isinstance(error, httpx.ReadTimeout):
        return ServiceUnavailable("The control plane did not answer in time.")
    return ServiceUnavailable("The control plane is not running; functions can still be invoked.")
