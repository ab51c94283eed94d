"""What functions write, while they write it: a ring of the latest per function, and listeners that are told
at once. Costs a call next to nothing while nobody listens. Knows no HTTP."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from functions.records import InvocationRecord
from functions.snapshots import FunctionSnapshot
from functions.states import Outcome
from runner.gateway.invocation import Finished, now_us
from runner.gateway.report import start_line

RING_LINES = 200
RING_PIECE = 16 * 1024
RING_FUNCTIONS = 500
LONGEST_PARTIAL = 8 * 1024


class Piece(msgspec.Struct, frozen=True):
    """Some whole lines of one call."""

    function: str
    function_name: str
    function_id: str
    request_id: str
    version: str
    at_us: int
    text: str


Listener = Callable[[Piece], None]


@dataclass(slots=True)
class _Live:
    """A call whose output is being passed on."""

    request_id: str
    source: FunctionSnapshot
    partial: bytearray = field(default_factory=bytearray)


class Tail:
    """Rings and listeners. A listener hears one function, or ("") all of a project."""

    def __init__(self) -> None:
        self._rings: OrderedDict[str, deque[Piece]] = OrderedDict()
        self._listeners: dict[tuple[str, str], list[Listener]] = {}
        self._live: dict[str, _Live] = {}

    # --- listening ---

    def listen(self, project_id: str, function_id: str, listener: Listener) -> Callable[[], None]:
        """Hear what is written from now on; returns what ends it."""
        key = (project_id, function_id)
        self._listeners.setdefault(key, []).append(listener)

        def stop() -> None:
            listeners = self._listeners.get(key, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(key, None)
            if not self._listeners:
                self._live.clear()

        return stop

    def recent(self, function_id: str) -> list[Piece]:
        """The last 200 lines of finished calls, oldest first."""
        found: deque[Piece] = deque()
        left = RING_LINES
        for piece in reversed(self._rings.get(function_id, ())):
            lines = piece.text.splitlines(keepends=True)[-left:]
            found.appendleft(msgspec.structs.replace(piece, text="".join(lines)))
            left -= len(lines)
            if left <= 0:
                break
        return list(found)

    # --- being told ---

    def wrote(self, sandbox_id: str, request_id: str, source: FunctionSnapshot, data: bytes) -> None:
        """A sandbox wrote something during a call."""
        if not self._listeners or not self._heard(source.project_id, source.function_id):
            return
        live = self._live.get(sandbox_id)
        if live is None or live.request_id != request_id:
            live = self._live[sandbox_id] = _Live(request_id, source)
            self._tell(source, request_id, start_line(request_id, source.version))
        live.partial += data
        end = live.partial.rfind(b"\n") + 1
        if not end and len(live.partial) > LONGEST_PARTIAL:
            end = len(live.partial)
        if end:
            text = live.partial[:end].decode("utf-8", "replace")
            del live.partial[:end]
            self._tell(source, request_id, text)

    def finished(self, finished: Finished) -> None:
        """A call is over: its log joins the ring, listeners hear the rest of it."""
        record = finished.record
        self._keep(record, finished.log)
        if not self._listeners:
            return
        live = self._live.pop(record.sandbox_id, None)
        if not self._heard(record.project_id, record.function_id):
            return
        if live is None or live.request_id != record.request_id:
            self._tell_record(record, finished.log)
            return
        rest = live.partial.decode("utf-8", "replace")
        if rest and not rest.endswith("\n"):
            rest += "\n"
        self._tell_record(record, rest + _closing(record, finished.log))

    def _keep(self, record: InvocationRecord, log: str) -> None:
        ring = self._rings.get(record.function_id)
        if ring is None:
            ring = self._rings[record.function_id] = deque(maxlen=RING_LINES // 3)
            if len(self._rings) > RING_FUNCTIONS:
                self._rings.popitem(last=False)
        ring.append(_piece(record, log[-RING_PIECE:]))

    def _heard(self, project_id: str, function_id: str) -> bool:
        return (project_id, function_id) in self._listeners or (project_id, "") in self._listeners

    def _tell_record(self, record: InvocationRecord, text: str) -> None:
        self._send(record.project_id, _piece(record, text))

    def _tell(self, source: FunctionSnapshot, request_id: str, text: str) -> None:
        piece = Piece(
            source.name, source.name, source.function_id, request_id, source.version, now_us(), text
        )
        self._send(source.project_id, piece)

    def _send(self, project_id: str, piece: Piece) -> None:
        for key in ((project_id, piece.function_id), (project_id, "")):
            for listener in list(self._listeners.get(key, ())):
                listener(piece)


def _piece(record: InvocationRecord, text: str) -> Piece:
    name = record.function_name
    at_us = record.started_us + record.duration_us
    return Piece(name, name, record.function_id, record.request_id, record.version, at_us, text)


def _closing(record: InvocationRecord, log: str) -> str:
    """What the gateway itself adds to a log at the end."""
    end = log.rfind(f"END RequestId: {record.request_id}")
    closing = log[end:] if end >= 0 else ""
    if record.outcome is not Outcome.TIMEOUT:
        return closing
    line = log.rfind("Task timed out after", 0, end)
    return log[log.rfind("\n", 0, line) + 1 :] if line >= 0 else closing
