"""InvokeWithResponseStream: pieces of the answer as they come, in AWS's event stream encoding.
https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html"""

from __future__ import annotations

import random
from functools import partial

import msgspec

from functions.errors import FunctoryError
from functions.routing import choose
from functions.signing import Claim
from functions.snapshots import Principal, Route
from functions.states import InvocationType, Outcome
from runner.gateway import answers, eventstream
from runner.gateway.authorize import Authority, chained, may_invoke
from runner.gateway.catalog import Catalog
from runner.gateway.dispatcher import Dispatcher
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import Finished, Invocation, new_request_id, new_trace_id
from runner.gateway.invoke_api import Wish, find_route, watch
from runner.gateway.refusals import Refusals

PREFIX = "/2021-11-15/functions/"
SUFFIX = "/response-streaming-invocations"
CONTENT = "C"


class StreamApi:
    """Serves InvokeWithResponseStream."""

    def __init__(
        self, authorizer: Authority, catalog: Catalog, dispatcher: Dispatcher, refusals: Refusals
    ) -> None:
        self._authorizer = authorizer
        self._refusals = refusals
        self._catalog = catalog
        self._dispatcher = dispatcher

    def handle(self, exchange: Exchange) -> None:
        """POST .../functions/<name>/response-streaming-invocations."""
        allowed = answers.guarded(exchange, self._authorized, exchange)
        self._authorizer.check(exchange.request, allowed, partial(answers.refuse, exchange))

    def _authorized(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        segment = exchange.request.path[len(PREFIX) : -len(SUFFIX)]
        watch(self._refusals, exchange, principal, "InvokeWithResponseStream", segment)
        find_route(self._catalog, exchange, segment, principal, claim, self._routed)

    def _routed(self, wish: Wish, principal: Principal, route: Route | FunctoryError) -> None:
        if isinstance(route, FunctoryError):
            answers.refuse(wish.exchange, route)
            return
        snapshot = choose(route, random.random())  # noqa: S311 - a share of traffic, not a secret
        may_invoke(principal, snapshot, route)
        trace = wish.exchange.request.headers.get("x-amzn-trace-id") or new_trace_id()
        trace = chained(principal, snapshot, trace)
        if wish.kind is InvocationType.DRY_RUN:
            wish.exchange.respond(204, [("x-amzn-RequestId", new_request_id())])
            return
        stream = ResponseStream(wish)
        call = Invocation(snapshot, wish.payload, stream.done, alias=route.alias)
        call.trace_id = trace
        call.client_context = wish.client_context
        call.on_chunk = stream.take
        stream.call = call
        self._dispatcher.submit(call)


class ResponseStream:
    """One streamed answer."""

    def __init__(self, wish: Wish) -> None:
        self._exchange = wish.exchange
        self._log_tail = wish.log_tail
        self._begun = False
        self.call: Invocation | None = None

    def take(self, kind: str, data: bytes) -> None:
        """A piece of the answer; the prelude of HTTP answers is not part of it."""
        if kind != CONTENT:
            return
        self._begin()
        self._exchange.write(eventstream.event("PayloadChunk", data))

    def done(self, finished: Finished) -> None:
        """The call is over: whatever was not streamed, then how it went."""
        if finished.refusal is not None and not self._begun:
            request_id = finished.record.request_id
            answers.refuse(self._exchange, finished.refusal, request_id, recorded=True)
            return
        self._begin()
        succeeded = finished.record.outcome is Outcome.SUCCESS
        if succeeded and finished.response:
            self._exchange.write(eventstream.event("PayloadChunk", finished.response))
        complete: dict[str, str] = {}
        if not succeeded:
            complete["ErrorCode"] = finished.record.error_type or "Unhandled"
            complete["ErrorDetails"] = finished.response.decode("utf-8", "replace")
        if self._log_tail:
            complete["LogResult"] = answers.tail_of(finished.log)
        payload = msgspec.json.encode(complete)
        self._exchange.write(eventstream.event("InvokeComplete", payload, "application/json"))
        self._exchange.finish()

    def _begin(self) -> None:
        if self._begun or self.call is None:
            return
        self._begun = True
        headers = [
            ("content-type", eventstream.CONTENT_TYPE),
            ("x-amzn-RequestId", self.call.request_id),
            ("X-Amz-Executed-Version", self.call.snapshot.version),
            ("X-Amzn-Trace-Id", self.call.trace_id),
        ]
        self._exchange.begin(200, headers)
