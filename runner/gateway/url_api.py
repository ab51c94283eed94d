"""Serves function URLs, under a host of their own or under /url/<id>/: who may call, the event, the answer
whole or streamed."""

from __future__ import annotations

import random
from functools import partial
from urllib.parse import urlsplit

import msgspec

from functions.config import Config
from functions.errors import AccessDenied, FunctoryError, ResourceNotFound, TooManyRequests
from functions.policies import INVOKE_URL
from functions.routing import choose
from functions.signing import STORAGE, Claim
from functions.snapshots import Principal, Route, UrlSnapshot
from functions.states import InvokeMode, Outcome, TriggerKind, UrlAuth
from runner.gateway import answers, cors
from runner.gateway.authorize import Authorizer, may_invoke, may_visit
from runner.gateway.catalog import Catalog
from runner.gateway.dispatcher import Dispatcher
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import Finished, Invocation, new_request_id, new_trace_id
from runner.gateway.refusals import Asked, Refusals
from runner.gateway.url_event import Answer, MalformedAnswer, Place, answer_of, event_of
from runner.gateway.url_stream import UrlStream

# On the origin that all functions share, a page is sandboxed: it has no origin, no cookies, no storage.
SANDBOX = ("content-security-policy", "sandbox allow-scripts allow-forms")
BROKEN = Answer(502, [("content-type", "text/plain; charset=utf-8")], b"Internal Server Error")


class Visit:
    """One request to a function URL, and what its answer must carry."""

    __slots__ = ("claim", "exchange", "own_host", "path", "principal", "url")

    def __init__(self, exchange: Exchange, url: UrlSnapshot, path: str, own_host: bool) -> None:
        self.exchange = exchange
        self.url = url
        self.path = path
        self.own_host = own_host
        self.principal: Principal | None = None
        self.claim: Claim | None = None

    def dressed(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The answer's headers with what the URL adds; configured CORS replaces the function's own."""
        if self.url.cors:
            headers = [pair for pair in headers if not pair[0].startswith("access-control-")]
            headers += cors.answer(self.url.cors, self.exchange.request.headers.get("origin", ""))
        return headers if self.own_host else [*headers, SANDBOX]

    def respond(self, answer: Answer) -> None:
        """Send a whole answer."""
        self.exchange.respond(answer.status, self.dressed(answer.headers), answer.body)

    def refuse(self, error: FunctoryError, request_id: str = "") -> None:
        """Send a refusal, in the words of function URLs; one that has no request id yet never became a call, and
        is noted."""
        body = {"Message": error.message}
        if isinstance(error, TooManyRequests):
            body["Reason"] = error.reason
        if not request_id:
            request_id = new_request_id()
            if self.exchange.on_refused is not None:
                self.exchange.on_refused(error, request_id)
        headers = [answers.JSON, ("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", error.code)]
        self.respond(Answer(error.status, headers, msgspec.json.encode(body)))


class UrlApi:
    """Handler of function URLs."""

    def __init__(
        self,
        authorizer: Authorizer,
        catalog: Catalog,
        dispatcher: Dispatcher,
        refusals: Refusals,
        config: Config,
    ) -> None:
        self._authorizer = authorizer
        self._refusals = refusals
        self._catalog = catalog
        self._dispatcher = dispatcher
        self._domain = config.base_domain or "localhost"
        self._shared = urlsplit(config.gateway_public_url).netloc

    def handle(self, exchange: Exchange, url_id: str, path: str, own_host: bool) -> None:
        """A request to the URL with that id; `path` is the part that the function sees."""
        self._catalog.url(url_id, answers.guarded(exchange, self._found, exchange, path, own_host))

    def _found(
        self, exchange: Exchange, path: str, own_host: bool, url: UrlSnapshot | FunctoryError | None
    ) -> None:
        if isinstance(url, FunctoryError):
            answers.refuse(exchange, url)
            return
        if url is None:
            raise ResourceNotFound("There is no function URL at this address.")
        visit = Visit(exchange, url, path, own_host)
        request = exchange.request
        if url.project_id:
            asked = Asked(request, url.project_id, "", "Function URL", url.function_name)
            exchange.on_refused = partial(self._refusals.note, asked)
        if not url.enabled:
            visit.refuse(AccessDenied("This function URL is turned off."))
        elif url.cors and cors.is_preflight(request.method, request.headers):
            visit.exchange.respond(204, cors.preflight(url.cors, request.headers))
        elif url.auth == UrlAuth.AWS_IAM:
            allowed = answers.guarded(exchange, self._signed, visit)
            self._authorizer.check(request, allowed, lambda _error: visit.refuse(AccessDenied("Forbidden")))
        else:
            self._resolve(visit)

    def _signed(self, visit: Visit, principal: Principal, claim: Claim) -> None:
        if claim.service == STORAGE:  # whoever was given an object's address was not given the function
            visit.refuse(AccessDenied("Forbidden"))
            return
        visit.principal, visit.claim = principal, claim
        self._resolve(visit)

    def _resolve(self, visit: Visit) -> None:
        then = answers.guarded(visit.exchange, self._routed, visit)
        self._catalog.route_by_id(visit.url.function_id, visit.url.qualifier, then)

    def _routed(self, visit: Visit, route: Route | FunctoryError) -> None:
        if isinstance(route, FunctoryError):
            visit.refuse(route)
            return
        snapshot = choose(route, random.random())  # noqa: S311 - a share of traffic, not a secret
        try:
            if visit.principal is None:
                may_visit(route)
            else:
                may_invoke(visit.principal, snapshot, route, INVOKE_URL, UrlAuth.AWS_IAM)
        except AccessDenied:
            visit.refuse(AccessDenied("Forbidden"))
            return
        call = Invocation(snapshot, b"", partial(_done, visit, None), alias=route.alias)
        call.trigger, call.trigger_id = TriggerKind.FUNCTION_URL, visit.url.trigger_id
        request = visit.exchange.request
        call.trace_id = request.headers.setdefault("x-amzn-trace-id", new_trace_id())
        call.payload = event_of(request, self._place(visit, call, snapshot.account))
        if visit.url.invoke_mode == InvokeMode.RESPONSE_STREAM:
            stream = UrlStream(visit.exchange, visit.dressed)
            call.on_chunk = stream.take
            call.done = partial(_done, visit, stream)
        self._dispatcher.submit(call)

    def _place(self, visit: Visit, call: Invocation, account: str) -> Place:
        return Place(
            url_id=visit.url.url_id,
            path=visit.path,
            domain=f"{visit.url.url_id}.{self._domain}" if visit.own_host else self._shared,
            account=account,
            request_id=call.request_id,
            at_us=call.accepted_us,
            principal=visit.principal,
            key_id=visit.claim.key_id if visit.claim else "",
        )


def _done(visit: Visit, stream: UrlStream | None, finished: Finished) -> None:
    """The call is over: the rest of a streamed answer, or the whole of another."""
    if stream is not None and stream.begun:
        stream.end(whole=finished.record.outcome is Outcome.SUCCESS)
    elif finished.refusal is not None:
        visit.refuse(finished.refusal, finished.record.request_id)
    else:
        visit.respond(answer_to(finished))


def answer_to(finished: Finished) -> Answer:
    """The HTTP answer of a call that ran; 502 for one that failed, as AWS answers."""
    extra = [
        ("x-amzn-RequestId", finished.record.request_id),
        ("X-Amzn-Trace-Id", finished.record.trace_id),
    ]
    if finished.record.outcome is not Outcome.SUCCESS:
        return Answer(BROKEN.status, BROKEN.headers + extra, BROKEN.body)
    try:
        answer = answer_of(finished.response)
    except MalformedAnswer:
        return Answer(BROKEN.status, BROKEN.headers + extra, BROKEN.body)
    return Answer(answer.status, answer.headers + extra, answer.body)
