"""The Invoke operation of the Lambda API: from a signed request to an answer. The hot path: callbacks only."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from functions.errors import FunctoryError, ServiceUnavailable
from functions.naming import FunctionReference, parse_reference
from functions.records import AcceptedEvent
from functions.routing import choose
from functions.signing import Claim
from functions.snapshots import Principal, Route
from functions.states import InvocationType, TriggerKind
from runner.gateway import answers, payloads
from runner.gateway.authorize import Authority, chained, denied, may_invoke
from runner.gateway.catalog import Catalog
from runner.gateway.dispatcher import Dispatcher
from runner.gateway.events import EventQueue
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import Finished, Invocation, new_request_id, new_trace_id, now_us
from runner.gateway.refusals import Asked, Refusals
from runner.gateway.wire import Request

PREFIX = "/2015-03-31/functions/"
SUFFIX = "/invocations"


class Wish(NamedTuple):
    """What one request asks for."""

    exchange: Exchange
    kind: InvocationType
    payload: bytes
    client_context: str
    log_tail: bool


class InvokeApi:
    """Serves Invoke."""

    def __init__(
        self,
        authorizer: Authority,
        catalog: Catalog,
        dispatcher: Dispatcher,
        events: EventQueue,
        refusals: Refusals,
    ) -> None:
        self._authorizer = authorizer
        self._catalog = catalog
        self._dispatcher = dispatcher
        self._events = events
        self._refusals = refusals

    def handle(self, exchange: Exchange) -> None:
        """POST .../functions/<name>/invocations."""
        caller = self._authorizer.known(exchange.request)
        if caller is not None:
            self._authorized(exchange, *caller)
            return
        allowed = answers.guarded(exchange, self._authorized, exchange)
        self._authorizer.check(exchange.request, allowed, partial(answers.refuse, exchange))

    def _authorized(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        segment = exchange.request.path[len(PREFIX) : -len(SUFFIX)]
        watch(self._refusals, exchange, principal, "Invoke", segment)
        find_route(self._catalog, exchange, segment, principal, claim, self._routed)

    def _routed(self, wish: Wish, principal: Principal, route: Route | FunctoryError) -> None:
        if isinstance(route, FunctoryError):  # not raised: it is cached, and would collect tracebacks
            answers.refuse(wish.exchange, route)
            return
        snapshot = choose(route, random.random())  # noqa: S311 - a share of traffic, not a secret
        may_invoke(principal, snapshot, route)
        trace = wish.exchange.request.headers.get("x-amzn-trace-id") or new_trace_id()
        trace = chained(principal, snapshot, trace)
        if wish.kind is InvocationType.REQUEST_RESPONSE:
            call = Invocation(snapshot, wish.payload, partial(_answer, wish), alias=route.alias)
            call.trace_id = trace
            call.client_context = wish.client_context
            self._dispatcher.submit(call)
        elif wish.kind is InvocationType.EVENT:
            self._accept(wish, route, trace)
        else:
            wish.exchange.respond(204, [("x-amzn-RequestId", new_request_id())])

    def _accept(self, wish: Wish, route: Route, trace: str) -> None:
        snapshot = route.choices[0][0]
        event = AcceptedEvent(
            event_id=new_request_id(),
            project_id=snapshot.project_id,
            function_id=snapshot.function_id,
            qualifier=route.qualifier,
            trigger=TriggerKind.API,
            accepted_us=now_us(),
            payload=wish.payload.decode(),
            trace_id=trace,
            client_context=wish.client_context,
        )
        self._events.accept(event, partial(_accepted, wish.exchange, event))


def _answer(wish: Wish, finished: Finished) -> None:
    answers.invoked(wish.exchange, finished, log_tail=wish.log_tail)


def _accepted(exchange: Exchange, event: AcceptedEvent, refusal: FunctoryError | None) -> None:
    if refusal is not None:
        answers.refuse(exchange, refusal, event.event_id)
        return
    headers = [
        ("x-amzn-RequestId", event.event_id),
        ("X-Amzn-Trace-Id", event.trace_id),
        ("x-amzn-Remapped-Content-Length", "0"),
    ]
    exchange.respond(202, headers)


def watch(refusals: Refusals, exchange: Exchange, principal: Principal, operation: str, segment: str) -> None:
    """From here on the caller is known: a refusal is noted in their project."""
    exchange.on_refused = partial(_note, refusals, exchange.request, principal, operation, segment)


def _note(
    refusals: Refusals,
    request: Request,
    principal: Principal,
    operation: str,
    segment: str,
    error: FunctoryError,
    request_id: str,
) -> None:
    asked = Asked(request, principal.project_id, principal.name, operation, name_in(segment))
    refusals.note(asked, error, request_id)


def name_in(segment: str) -> str:
    """The function that a path's segment means, for people: as written where it means none."""
    try:
        return named(segment, "").name
    except FunctoryError:
        return unquote(segment)


def read_wish(exchange: Exchange) -> Wish:
    """The request's headers and payload; raises FunctoryError."""
    headers = exchange.request.headers
    kind = payloads.invocation_type(headers.get("x-amz-invocation-type", ""))
    return Wish(
        exchange,
        kind,
        payloads.checked(exchange.request.body, kind),
        payloads.client_context(headers.get("x-amz-client-context", "")),
        headers.get("x-amz-log-type") == "Tail",
    )


def find_route(
    catalog: Catalog,
    exchange: Exchange,
    segment: str,
    principal: Principal,
    claim: Claim,
    then: Callable[[Wish, Principal, Route | FunctoryError], None],
) -> None:
    """From a path's function `segment` to its route, for a caller who is known; raises FunctoryError for a
    request that cannot be meant."""
    reference = named(segment, exchange.request.query)
    check_region(reference, principal, claim.region)
    wish = read_wish(exchange)
    account = reference.account or principal.account
    if account == principal.account:
        known = catalog.known_route(
            account, reference.region or claim.region, reference.name, reference.qualifier
        )
        if known is not None:
            then(wish, principal, known)
            return
    told = answers.guarded(exchange, then, wish, principal)
    if account != principal.account:
        told = partial(_hidden, told, principal, reference)
    catalog.route(account, reference.region or claim.region, reference.name, reference.qualifier, told)


def _hidden(
    told: Callable[[Route | FunctoryError], None],
    principal: Principal,
    reference: FunctionReference,
    route: Route | FunctoryError,
) -> None:
    """Whether another account has a function is not told: it may not be called, in either case."""
    if isinstance(route, FunctoryError) and not isinstance(route, ServiceUnavailable):
        route = denied(principal, _arn(reference))
    told(route)


@lru_cache(maxsize=4096)
def named(segment: str, query: str) -> FunctionReference:
    """The function that path and query name; raises InvalidParameterValue."""
    qualifier = parse_qs(query).get("Qualifier", [""])[0] if query else ""
    return parse_reference(unquote(segment), qualifier)


def check_region(reference: FunctionReference, principal: Principal, region: str) -> None:
    """A full ARN must name the region that the request was signed for; raises AccessDenied."""
    if reference.region and reference.region != region:
        raise denied(principal, _arn(reference))


def _arn(reference: FunctionReference) -> str:
    return f"arn:aws:lambda:{reference.region}:{reference.account}:function:{reference.name}"
