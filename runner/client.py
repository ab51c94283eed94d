"""The door to the gateway for web and workers: one class for threads, one for event loops, both over the
internal unix socket. Knows the internal API's shapes and nothing of sandboxes, Redis or SQL."""

from __future__ import annotations

from typing import Any, TypeVar

import httpx
import msgspec

from functions.config import Config
from functions.container_images import PinnedImage
from functions.records import InvocationRecord
from functions.states import InvocationType, TriggerKind
from runner.unix_http import Broken, NotSent, UnixHttp

ANSWER_MARGIN_S = 120.0  # queueing and a cold start on top of the function's own time-out
LONGEST_RUN_S = 900.0
IMAGE_S = 30.0  # longer than a registry is waited for
T = TypeVar("T")


class GatewayDown(RuntimeError):
    """The gateway does not answer: nothing can run now. The message is fit for a page."""


class GatewayRefused(RuntimeError):
    """The gateway answered with an error. `code`, `status`, `message` and `reason` are AWS's."""

    def __init__(self, code: str, message: str, status: int, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.reason = reason


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: `payload` is JSON text; `qualifier` "" means $LATEST; `revision_id` names a revision of the
    function in place of a qualifier, as a test of a draft does; times are Unix microseconds. `timeout_s` bounds the
    wait of the caller; leave it unless the caller must give up sooner."""

    function_id: str
    payload: bytes = b"{}"
    qualifier: str = ""
    revision_id: str = ""
    trigger: TriggerKind = TriggerKind.API
    trigger_id: str = ""
    project_id: str = ""
    event_id: str = ""
    attempt: int = 0
    accepted_us: int = 0
    trace_id: str = ""
    client_context: str = ""
    timeout_s: float = LONGEST_RUN_S + ANSWER_MARGIN_S


class Warmed(msgspec.Struct, frozen=True, kw_only=True):
    """How the first start of a revision went. `init_us` is microseconds."""

    ok: bool
    init_us: int = 0
    error_type: str = ""
    error_message: str = ""
    stack: list[str] = []
    log: str = ""


class SandboxView(msgspec.Struct, frozen=True, kw_only=True):
    """One bound sandbox. Memory limit in MB, `memory_now` in bytes, times in Unix microseconds."""

    id: str
    function_id: str
    function_name: str
    version: str
    runtime: str
    network: str
    state: str
    created_us: int
    last_used_us: int
    calls: int
    memory_mb: int
    memory_now: int
    why: str


class SupplyView(msgspec.Struct, frozen=True, kw_only=True):
    """How many prewarmed sandboxes of a kind wait, how many should, and what those that wait take, in MB."""

    runtime: str
    network: str
    waiting: int
    wanted: int
    memory_mb: int = 0


class HostView(msgspec.Struct, frozen=True, kw_only=True):
    """The machine: load is the one-minute average; memory and disk in MB."""

    cpus: int
    load: float
    memory_mb: int
    memory_free_mb: int
    disk_free_mb: int
    committed_mb: int
    limit_mb: int = 0


class EndView(msgspec.Struct, frozen=True, kw_only=True):
    """A sandbox that ended lately; `reason` is an EndReason."""

    id: str
    function_name: str
    reason: str
    at_us: int
    detail: str = ""


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """What the kernel holds a sandbox to, read back when asked: the image that it was made of by its id, its
    capabilities as a bit mask, the mounts that it may write to, and the network interfaces that it sees."""

    image: str
    uid: int
    capabilities: int
    no_new_privileges: bool
    seccomp: bool
    root_read_only: bool
    writable: list[str]
    interfaces: list[str]
    memory_bytes: int


class LocalImage(msgspec.Struct, frozen=True, kw_only=True):
    """A container image of this machine's engine: size in bytes, `created_us` Unix microseconds; `words` are from
    its labels."""

    names: list[str]
    id: str
    size: int
    created_us: int
    words: str = ""


class SandboxesView(msgspec.Struct, frozen=True, kw_only=True):
    """All that runs now; `engine` is "ok" or the reason why nothing else can start."""

    sandboxes: list[SandboxView]
    supply: list[SupplyView]
    host: HostView
    recent_ends: list[EndView]
    engine: str = "ok"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`engine` is "ok" or the reason why nothing can run; `journal_backlog` counts bytes not yet shipped;
    `isolation` is what was read back from the machine, name to state."""

    ok: bool
    engine: str
    sandboxes: int
    journal_backlog: int
    version: str
    redis: str = "ok"
    isolation: dict[str, Any] = {}


class GatewayClient:
    """For threads (web pages, the API). Close it, or use it as a context manager."""

    def __init__(self, config: Config) -> None:
        # No certificates on a unix socket: loading them would take longer than most answers.
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(config.gateway_socket), verify=False),
            base_url="http://gateway",
        )

    def __enter__(self) -> GatewayClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def invoke(self, order: Order) -> InvocationRecord:
        """Run and wait; the record always carries log and response. Raises GatewayDown, GatewayRefused."""
        headers = order_headers(order, InvocationType.REQUEST_RESPONSE)
        reply = self._send("POST", "/_functory/invoke", order.payload, headers, order.timeout_s)
        return msgspec.json.decode(reply, type=InvocationRecord)

    def accept(self, order: Order) -> str:
        """Store an asynchronous event durably; returns its id. Raises GatewayDown, GatewayRefused."""
        headers = order_headers(order, InvocationType.EVENT)
        reply = self._send("POST", "/_functory/invoke", order.payload, headers)
        return msgspec.json.decode(reply, type=dict[str, str])["event_id"]

    def warm(self, *, function_id: str, revision_id: str, version: str = "") -> Warmed:
        """Start one sandbox of a revision that is not live yet and keep it for the first call. `version` is
        the name that it will be called under (it is in its environment): the next number, or "" for $LATEST."""
        order = {"function_id": function_id, "revision_id": revision_id, "version": version}
        body = msgspec.json.encode(order)
        return msgspec.json.decode(
            self._send("POST", "/_functory/warm", body, timeout_s=ANSWER_MARGIN_S), type=Warmed
        )

    def sandboxes(self) -> SandboxesView:
        """What runs now, the supply and the machine."""
        return msgspec.json.decode(self._send("GET", "/_functory/sandboxes"), type=SandboxesView)

    def read_back(self, sandbox_id: str) -> HeldView:
        """What holds for a sandbox; GatewayRefused (503) when it is not there any more."""
        path = f"/_functory/sandboxes/{sandbox_id}/held"
        return msgspec.json.decode(self._send("GET", path), type=HeldView)

    def images(self) -> list[LocalImage]:
        """The images that functions can be made of, newest first."""
        return msgspec.json.decode(self._send("GET", "/_functory/images"), type=list[LocalImage])

    def pin_image(self, uri: str) -> PinnedImage:
        """What an image's name means now. GatewayRefused (400) when there is no such image, (503) when its registry
        does not answer."""
        body = msgspec.json.encode({"uri": uri})
        return msgspec.json.decode(
            self._send("POST", "/_functory/images", body, timeout_s=IMAGE_S), type=PinnedImage
        )

    def end_sandbox(self, sandbox_id: str) -> None:
        """End a sandbox after its current call; GatewayRefused (404) when there is none."""
        self._send("POST", f"/_functory/sandboxes/{sandbox_id}/end")

    def health(self) -> Health:
        """How the gateway is; raises GatewayDown when it does not answer."""
        return msgspec.json.decode(self._send("GET", "/_functory/health"), type=Health)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> bytes:
        limits = httpx.Timeout(timeout_s, connect=5.0, pool=30.0)
        try:
            return _read(self._http.request(method, path, content=body, headers=headers, timeout=limits))
        except httpx.TransportError as error:
            raise GatewayDown(plain_words(error)) from error


class AsyncGatewayClient:
    """For event loops that hold hundreds of calls at once (the drain job). An async context manager."""

    def __init__(self, config: Config, connections: int = 500) -> None:
        self._http = UnixHttp(config.gateway_socket, connections)

    async def __aenter__(self) -> AsyncGatewayClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._http.close()

    async def invoke(self, order: Order) -> InvocationRecord:
        """As GatewayClient.invoke. The cause of GatewayDown is NotSent when nothing can have run."""
        headers = order_headers(order, InvocationType.REQUEST_RESPONSE)
        try:
            reply = await self._http.post("/_functory/invoke", order.payload, headers, order.timeout_s)
        except (NotSent, Broken, TimeoutError) as error:
            raise GatewayDown(plain_words(error)) from error
        if 200 <= reply.status < 300:
            return msgspec.json.decode(reply.body, type=InvocationRecord)
        raise refusal(reply.status, reply.body, reply.headers.get("x-amzn-errortype", ""))


def order_headers(order: Order, invocation_type: InvocationType) -> dict[str, str]:
    """An order as the internal API's headers; those that are empty are left out."""
    values = {
        "function": order.function_id,
        "qualifier": order.qualifier,
        "revision": order.revision_id,
        "trigger": str(order.trigger),  # also a plain word that names one
        "trigger-id": order.trigger_id,
        "type": invocation_type.value,
        "event": order.event_id,
        "attempt": str(order.attempt) if order.attempt else "",
        "project": order.project_id,
        "trace": order.trace_id,
        "client-context": order.client_context,
        "accepted-us": str(order.accepted_us) if order.accepted_us else "",
    }
    return {f"x-functory-{name}": value for name, value in values.items() if value}


def plain_words(error: Exception) -> str:
    """What to tell a person when the gateway could not be reached or did not finish."""
    if isinstance(error, httpx.ReadTimeout | TimeoutError):
        return "The gateway did not answer in time. The function may still be running; its record will tell."
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | NotSent):
        return "The gateway is not running, so no function can run. Start it with `make up`; code is safe."
    return "The connection to the gateway broke before the answer came. The record will tell how it ended."


def _read(reply: httpx.Response) -> bytes:
    if reply.is_success:
        return reply.content
    raise refusal(reply.status_code, reply.content, reply.headers.get("x-amzn-errortype", ""))


def refusal(status: int, body: bytes, code: str) -> GatewayRefused:
    """An AWS-shaped error answer as an exception."""
    try:
        shape = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        shape = {}
    message = str(shape.get("message") or shape.get("Message") or f"The gateway answered {status}.")
    return GatewayRefused(code or "ServiceException", message, status, str(shape.get("Reason", "")))
