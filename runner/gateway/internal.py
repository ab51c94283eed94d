"""The internal API on the unix socket: what web and workers ask of the gateway (runner/client.py is its only
caller). Whoever can open the socket is trusted; projects are still checked."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from functions.errors import (
    FunctoryError,
    InvalidRequestContent,
    ResourceNotFound,
    ServiceError,
    UnknownOperation,
)
from functions.records import AcceptedEvent
from functions.routing import choose
from functions.snapshots import FunctionSnapshot, Route
from functions.states import DRAFT, EndReason, InvocationType, Outcome, TriggerKind
from runner.client import Health, SandboxesView, Warmed
from runner.gateway import answers, payloads, report
from runner.gateway.catalog import Catalog
from runner.gateway.dispatcher import Dispatcher
from runner.gateway.engine_api import EngineApi, Images, ReadBack
from runner.gateway.events import EventQueue
from runner.gateway.exchange import Exchange
from runner.gateway.fleet import Fleet
from runner.gateway.invocation import Finished, Invocation, new_request_id, new_trace_id, now_us
from runner.gateway.wire import MB, Request
from runner.sandbox.spec import Bound

log = logging.getLogger("functory.internal")
END = "/_functory/sandboxes/"


class WarmOrder(msgspec.Struct, frozen=True):
    """Body of /_functory/warm. `version` is the name that the revision will run under, "" for $LATEST."""

    revision_id: UUID
    function_id: str
    version: str = ""


class InternalApi:
    """Handler of the internal socket."""

    least_body = 7 * MB

    def __init__(
        self,
        *,
        catalog: Catalog,
        dispatcher: Dispatcher,
        fleet: Fleet,
        events: EventQueue,
        health: Callable[[], Health],
        sandboxes: Callable[[], SandboxesView],
        images: Images | None = None,
        read_back: ReadBack | None = None,
    ) -> None:
        self._catalog = catalog
        self._dispatcher = dispatcher
        self._fleet = fleet
        self._events = events
        self._health = health
        self._sandboxes = sandboxes
        self._engine = EngineApi(images, read_back)
        self._tasks: set[asyncio.Task[None]] = set()

    def body_limit(self, request: Request) -> int:  # noqa: ARG002 - every path has the same
        """Payloads, with a little to spare so that the refusal says what was too large."""
        return self.least_body

    def refuse(self, exchange: Exchange, status: int, code: str, message: str) -> None:
        """A request that never became whole."""
        exchange.respond(status, [answers.JSON, ("x-amzn-ErrorType", code)], json_of({"message": message}))

    def handle(self, exchange: Exchange) -> None:
        """Route by method and path."""
        request = exchange.request
        answers.guarded(exchange, self._route)(request.method, request.path, exchange)

    def _route(self, method: str, path: str, exchange: Exchange) -> None:
        if (method, path) == ("POST", "/_functory/invoke"):
            self._invoke(exchange)
        elif (method, path) == ("POST", "/_functory/warm"):
            self._spawn(self._warm(exchange))
        elif (method, path) == ("GET", "/_functory/sandboxes"):
            exchange.respond(200, [answers.JSON], json_of(self._sandboxes()))
        elif (method, path) == ("GET", "/_functory/health"):
            exchange.respond(200, [answers.JSON], json_of(self._health()))
        elif self._engine.serves(path):
            self._spawn(self._engine.answer(method, exchange))
        elif method == "POST" and path.startswith(END) and path.endswith("/end"):
            self._end(path[len(END) : -len("/end")], exchange)
        else:
            raise UnknownOperation(f"The gateway has no {method} {path[:100]}.")

    def _end(self, sandbox_id: str, exchange: Exchange) -> None:
        placement = self._fleet.find(sandbox_id)
        if placement is None:
            raise ResourceNotFound(f"Sandbox not found: {sandbox_id[:40]}")
        self._fleet.end(placement, EndReason.EVICTED, "ended from the console")
        exchange.respond(200, [answers.JSON], b"{}")

    # --- invoke ---

    def _invoke(self, exchange: Exchange) -> None:
        headers = exchange.request.headers
        kind = payloads.invocation_type(headers.get("x-functory-type", ""))
        payload = payloads.checked(exchange.request.body, kind)
        function_id = headers.get("x-functory-function", "")
        qualifier = headers.get("x-functory-qualifier", "")
        if revision_id := headers.get("x-functory-revision", ""):
            self._spawn(self._try(exchange, payload, revision_id))
            return
        then = answers.guarded(exchange, self._routed, exchange, kind, payload)
        self._catalog.route_by_id(function_id, qualifier, then)

    async def _try(self, exchange: Exchange, payload: bytes, revision_id: str) -> None:
        """A call of a revision that is not live, as a test of a draft is."""

        def submit(snapshot: FunctionSnapshot) -> None:
            if snapshot.function_id != exchange.request.headers.get("x-functory-function", ""):
                raise ResourceNotFound(f"Revision not found: {revision_id}")
            tried = replace(snapshot, version=DRAFT)
            self._routed(exchange, InvocationType.REQUEST_RESPONSE, payload, Route("", "", ((tried, 1.0),)))

        try:
            snapshot = await self._catalog.revision(uuid_of(revision_id))
        except FunctoryError as error:
            answers.refuse(exchange, error)
        else:
            answers.guarded(exchange, submit)(snapshot)

    def _routed(
        self, exchange: Exchange, kind: InvocationType, payload: bytes, route: Route | FunctoryError
    ) -> None:
        headers = exchange.request.headers
        project_id = headers.get("x-functory-project", "")
        if isinstance(route, FunctoryError):  # not raised: it is cached, and would collect tracebacks
            answers.refuse(exchange, route)
            return
        if project_id and project_id != route.choices[0][0].project_id:
            raise ResourceNotFound(f"Function not found: {route.choices[0][0].function_id}")
        if kind is InvocationType.EVENT:
            event = accepted_event(headers, payload, route)
            self._events.accept(event, partial(_accepted, exchange, event.event_id))
        else:
            self._dispatcher.submit(ordered_call(exchange, payload, route))

    # --- warm ---

    async def _warm(self, exchange: Exchange) -> None:
        try:
            order = msgspec.json.decode(exchange.request.body, type=WarmOrder)
            snapshot = await self._catalog.revision(order.revision_id)
            if order.version:
                snapshot = replace(snapshot, version=order.version)
            bound = await self._fleet.warm(snapshot)
        except msgspec.DecodeError as error:
            answers.refuse(exchange, InvalidRequestContent(str(error)), new_request_id())
        except FunctoryError as error:
            answers.refuse(exchange, error)
        except Exception:
            log.exception("a revision could not be warmed")
            answers.refuse(exchange, ServiceError("The gateway failed; its log says why."), new_request_id())
        else:
            exchange.respond(200, [answers.JSON], json_of(warmed(bound)))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def uuid_of(text: str) -> UUID:
    """A revision's id; raises ResourceNotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise ResourceNotFound(f"Revision not found: {text[:64]}") from None


def json_of(value: Any) -> bytes:
    """A value as JSON."""
    return msgspec.json.encode(value)


def warmed(bound: Bound) -> Warmed:
    """How the start of a revision went."""
    if bound.outcome is Outcome.SUCCESS:
        return Warmed(ok=True, init_us=bound.init_us, log=bound.log.decode("utf-8", "replace"))
    ended = report.init_failed(bound)
    return Warmed(
        ok=False,
        init_us=bound.init_us,
        error_type=ended.error_type,
        error_message=ended.error_message,
        stack=list(ended.stack),
        log=bound.log.decode("utf-8", "replace"),
    )


def ordered_call(exchange: Exchange, payload: bytes, route: Route) -> Invocation:
    """The call that an order's headers describe. An attempt of an event runs under the event's id."""
    headers = exchange.request.headers
    event_id = headers.get("x-functory-event", "")
    snapshot = choose(route, random.random())  # noqa: S311 - a share of traffic, not a secret
    call = Invocation(
        snapshot,
        payload,
        partial(_finished, exchange),
        alias=route.alias,
        trigger=trigger_of(headers),
        request_id=event_id,
    )
    call.trigger_id = headers.get("x-functory-trigger-id", "")
    call.event_id = event_id
    call.attempt = number(headers.get("x-functory-attempt", ""))
    call.trace_id = headers.get("x-functory-trace", "") or new_trace_id()
    call.client_context = headers.get("x-functory-client-context", "")
    call.accepted_us = number(headers.get("x-functory-accepted-us", "")) or call.accepted_us
    if event_id:
        call.invocation_type = InvocationType.EVENT
        call.tells = route.tells
    return call


def accepted_event(headers: dict[str, str], payload: bytes, route: Route) -> AcceptedEvent:
    """The event that an order's headers describe."""
    snapshot = route.choices[0][0]
    return AcceptedEvent(
        event_id=headers.get("x-functory-event") or new_request_id(),
        project_id=snapshot.project_id,
        function_id=snapshot.function_id,
        qualifier=route.qualifier,
        trigger=trigger_of(headers),
        trigger_id=headers.get("x-functory-trigger-id", ""),
        accepted_us=number(headers.get("x-functory-accepted-us", "")) or now_us(),
        payload=payload.decode(),
        trace_id=headers.get("x-functory-trace", "") or new_trace_id(),
        client_context=headers.get("x-functory-client-context", ""),
    )


def trigger_of(headers: dict[str, str]) -> TriggerKind:
    """What called; raises InvalidRequestContent for a word that is none."""
    try:
        return TriggerKind(headers.get("x-functory-trigger") or TriggerKind.API)
    except ValueError:
        raise InvalidRequestContent("x-functory-trigger is not a trigger.") from None


def number(text: str) -> int:
    """A whole number, 0 when there is none."""
    return int(text) if text.isdecimal() else 0


def _accepted(exchange: Exchange, event_id: str, refusal: FunctoryError | None) -> None:
    if refusal is not None:
        answers.refuse(exchange, refusal, event_id)
    else:
        exchange.respond(202, [answers.JSON], json_of({"event_id": event_id}))


def _finished(exchange: Exchange, finished: Finished) -> None:
    """The whole record: log and answer always, the payload never (the caller has it)."""
    if finished.refusal is not None:
        answers.refuse(exchange, finished.refusal, finished.record.request_id)
        return
    response = finished.response.decode("utf-8", "replace")
    record = msgspec.structs.replace(finished.record, payload=None, response=response)
    exchange.respond(200, [answers.JSON], json_of(record))
