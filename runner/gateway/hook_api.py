"""Serves webhooks, under /hook/<id>: nothing reaches a function but what was signed with the webhook's secret. The
function is called at once and answers, or an event is stored and the sender told 202."""

from __future__ import annotations

import random
from functools import partial

from functions import limits
from functions.errors import AccessDenied, FunctoryError, MethodNotAllowed, RequestTooLarge, ResourceNotFound
from functions.records import AcceptedEvent
from functions.routing import choose
from functions.snapshots import HookSnapshot, Route
from functions.states import HookDelivery, TriggerKind
from functions.webhooks import challenge_of, check_signature
from runner.gateway import answers
from runner.gateway.catalog import Catalog
from runner.gateway.dispatcher import Dispatcher
from runner.gateway.events import EventQueue
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import Finished, Invocation, new_request_id, new_trace_id, now_us
from runner.gateway.refusals import Asked, Refusals
from runner.gateway.url_api import SANDBOX, answer_to
from runner.gateway.url_event import Place, event_of

OPERATION = "Webhook"
PLAIN = ("content-type", "text/plain; charset=utf-8")


class HookApi:
    """Handler of webhooks. `domain` is where the gateway is reached."""

    def __init__(
        self, catalog: Catalog, dispatcher: Dispatcher, events: EventQueue, refusals: Refusals, domain: str
    ) -> None:
        self._catalog = catalog
        self._dispatcher = dispatcher
        self._events = events
        self._refusals = refusals
        self._domain = domain

    def handle(self, exchange: Exchange, hook_id: str) -> None:
        """A request to the webhook with that id."""
        self._catalog.hook(hook_id, answers.guarded(exchange, self._found, exchange))

    def _found(self, exchange: Exchange, hook: HookSnapshot | FunctoryError | None) -> None:
        if isinstance(hook, FunctoryError):
            answers.refuse(exchange, hook)
            return
        if hook is None:
            raise ResourceNotFound("There is no webhook at this address.")
        request = exchange.request
        asked = Asked(request, hook.project_id, "", OPERATION, hook.function_name)
        exchange.on_refused = partial(self._refusals.note, asked)
        if not hook.enabled:
            raise AccessDenied("This webhook is paused.")
        if request.method != "POST":
            raise MethodNotAllowed("A webhook is sent with POST.")
        check_signature(
            hook.provider, hook.secret, hook.header, request.headers, request.body, now_us() / 1_000_000
        )
        challenge = challenge_of(hook.provider, request.body)
        if challenge is not None:
            exchange.respond(200, [PLAIN, SANDBOX], challenge.encode("utf-8", "replace"))
            return
        then = answers.guarded(exchange, self._routed, exchange, hook)
        self._catalog.route_by_id(hook.function_id, hook.qualifier, then)

    def _routed(self, exchange: Exchange, hook: HookSnapshot, route: Route | FunctoryError) -> None:
        if isinstance(route, FunctoryError):
            answers.refuse(exchange, route)
        elif hook.delivery == HookDelivery.WAIT:
            self._call(exchange, hook, route)
        else:
            self._accept(exchange, hook, route)

    def _call(self, exchange: Exchange, hook: HookSnapshot, route: Route) -> None:
        snapshot = choose(route, random.random())  # noqa: S311 - a share of traffic, not a secret
        call = Invocation(snapshot, b"", partial(_done, exchange), alias=route.alias)
        call.trigger, call.trigger_id = TriggerKind.WEBHOOK, hook.trigger_id
        call.trace_id = exchange.request.headers.setdefault("x-amzn-trace-id", new_trace_id())
        call.payload = self._event(exchange, hook, snapshot.account, call.request_id, call.accepted_us)
        self._dispatcher.submit(call)

    def _accept(self, exchange: Exchange, hook: HookSnapshot, route: Route) -> None:
        snapshot, event_id, accepted_us = route.choices[0][0], new_request_id(), now_us()
        trace = exchange.request.headers.setdefault("x-amzn-trace-id", new_trace_id())
        payload = self._event(exchange, hook, snapshot.account, event_id, accepted_us)
        if len(payload) > limits.EVENT_PAYLOAD:
            raise RequestTooLarge(
                f"As an event this has {len(payload):,} bytes, and {limits.EVENT_PAYLOAD:,} are the most: let the "
                "webhook wait for the function, which may be sent 6 MB."
            )
        event = AcceptedEvent(
            event_id=event_id,
            project_id=snapshot.project_id,
            function_id=snapshot.function_id,
            qualifier=route.qualifier,
            trigger=TriggerKind.WEBHOOK,
            trigger_id=hook.trigger_id,
            accepted_us=accepted_us,
            payload=payload.decode(),
            trace_id=trace,
        )
        self._events.accept(event, partial(_accepted, exchange, event))

    def _event(
        self, exchange: Exchange, hook: HookSnapshot, account: str, request_id: str, at_us: int
    ) -> bytes:
        """As of a function URL, so that the same code serves both."""
        place = Place(
            url_id=hook.hook_id,
            path="/",
            domain=self._domain,
            account=account,
            request_id=request_id,
            at_us=at_us,
        )
        return event_of(exchange.request, place)


def _done(exchange: Exchange, finished: Finished) -> None:
    if finished.refusal is not None:
        answers.refuse(exchange, finished.refusal, finished.record.request_id, recorded=True)
        return
    answer = answer_to(finished)
    exchange.respond(answer.status, [*answer.headers, SANDBOX], answer.body)


def _accepted(exchange: Exchange, event: AcceptedEvent, refusal: FunctoryError | None) -> None:
    if refusal is not None:
        answers.refuse(exchange, refusal, event.event_id)
        return
    exchange.respond(202, [("x-amzn-RequestId", event.event_id), ("X-Amzn-Trace-Id", event.trace_id)])
