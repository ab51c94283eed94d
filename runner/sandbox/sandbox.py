"""A sandbox's life as a table of legal moves: generic, bound, busy, idle, frozen, gone. Turns calls into messages
and ends into outcomes. Knows no functions, pools or records."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from enum import Enum, auto

from functions.limits import SYNC_PAYLOAD
from functions.states import EndReason, Outcome
from runner.sandbox import frames
from runner.sandbox.deadline import Deadline
from runner.sandbox.driver import Container, DriverError
from runner.sandbox.ends import death, read_error
from runner.sandbox.freezer import Freezer
from runner.sandbox.link import Channel
from runner.sandbox.messages import bind_message, call_header
from runner.sandbox.output import Output
from runner.sandbox.spec import Binding, Bound, Call, Ended, PoolKey

OnEnd = Callable[[Ended], None]
OnChunk = Callable[[str, bytes], None]

FREEZE_AFTER_S = 0.02
# A process that ends closes its connection first; how it ended is known a moment later. One that only hangs up
# is ended after this time.
EXIT_GRACE_S = 0.5
# A sandbox's memory peak is forgotten before a call, but at most ten times a second: under a steady stream of calls
# two neighbours share one peak, rather than every call paying for its own.
PEAK_S = 0.1
# Nor is the peak read more often than this: under a stream of calls shorter than that neighbours share one reading.
PEAK_READ_S = 0.005
# One byte more than an answer may have, so that a longer one is known as such.
_COLLECTED = SYNC_PAYLOAD + 101


class State(Enum):
    """Where a sandbox stands."""

    STARTING = auto()
    GENERIC = auto()
    BINDING = auto()
    IDLE = auto()
    BUSY = auto()
    FROZEN = auto()
    GONE = auto()

    def __init__(self, _number: int) -> None:
        self.next: tuple[State, ...] = ()  # compared by identity: looking an enum up costs a call of Python


for _state, _next in (
    (State.STARTING, (State.GENERIC, State.GONE)),
    (State.GENERIC, (State.BINDING, State.GONE)),
    (State.BINDING, (State.IDLE, State.GONE)),
    (State.IDLE, (State.BUSY, State.FROZEN, State.GONE)),
    (State.FROZEN, (State.BUSY, State.GONE)),
    (State.BUSY, (State.IDLE, State.GONE)),
):
    _state.next = _next


class Sandbox:
    """One container, first generic, then one revision's for good. All methods run on the event loop.
    `on_lost` is called once if it ends by itself while no call is running, `on_gone` when it is of no more
    use for any reason; `on_output` sees what it writes, as it writes it."""

    def __init__(self, container: Container, freeze_after_s: float = FREEZE_AFTER_S) -> None:
        self.id = container.id
        self.state = State.STARTING
        self.on_lost: Callable[[EndReason], None] | None = None
        self.on_output: Callable[[Sandbox, bytes], None] | None = None
        self.on_gone: Callable[[], object] | None = None
        self.call: Call | None = None
        self._container = container
        self._channel: Channel | None = None
        self._unsent = b""
        self._output = Output(container.output())
        self._freezer = Freezer(freeze_after_s, self._freeze)
        self._ready: asyncio.Future[None] | None = None
        self._bound: asyncio.Future[Bound] | None = None
        self._binding_since = 0.0
        self._on_end: OnEnd | None = None
        self._on_chunk: OnChunk | None = None
        self._collected = bytearray()
        self._deadline = Deadline(self._timed_out)
        self._since = 0.0
        self._peak_since = self._peak_read_at = 0.0
        self._peak = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._left_at = 0.0
        self._left_peak = 0
        self._marker = b""

    @property
    def key(self) -> PoolKey:
        """The kind that it is of."""
        return self._container.key

    @property
    def alive(self) -> bool:
        """Whether it can still be bound or called."""
        return self.state is not State.GONE

    @property
    def created_us(self) -> int:
        """Unix microseconds."""
        return self._container.created_us

    def memory_now(self) -> int:
        """Bytes in use, less file cache."""
        return self._container.memory_now()

    # --- becoming a function's ---

    def begin(self, channel: Channel) -> None:
        """Start to listen to it, to read what it writes and to notice its end."""
        self._channel = channel
        self._output.on_chunk = self._wrote
        self._output.start()
        self._container.watch_exit(self._exited)

    async def ready(self, timeout_s: float) -> None:
        """Wait until the language has started; raises DriverError."""
        if self._container.starts_at_bind:
            self._move(State.GENERIC)
        if self.state is not State.STARTING:
            return
        self._ready = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(self._ready, timeout_s)
        except TimeoutError:
            raise DriverError(f"Sandbox {self.id} did not start within {timeout_s:.0f} seconds") from None

    async def bind(self, binding: Binding) -> Bound:
        """Give it code, limits and environment and run its init; raises DriverError when the engine cannot.
        After a failed init it is of no use: end it."""
        self._move(State.BINDING)
        self._binding_since = time.monotonic()
        self._bound = asyncio.get_running_loop().create_future()
        self._marker = secrets.token_hex(16).encode()
        self._unsent = bind_message(binding, self._marker)
        await self._container.bind(binding.mounts, binding.limits)
        if not self._container.starts_at_bind:
            self._send_bind()
        try:
            return await asyncio.wait_for(self._bound, binding.init_timeout_s)
        except TimeoutError:
            self._gone()
            return Bound(
                Outcome.TIMEOUT,
                self._elapsed_us(self._binding_since),
                self._output.take()[0],
                "Sandbox.Timedout",
                f"Error: Init phase timed out after {binding.init_timeout_s:.2f} seconds",
            )

    # --- calls ---

    def invoke(self, call: Call, on_end: OnEnd, on_chunk: OnChunk | None = None) -> None:
        """Hand over an event; `on_end` is called exactly once. With `on_chunk` a streamed answer is passed
        on in pieces ("H" its prelude, "C" content); without, it is collected."""
        self._since = since = time.monotonic()
        if self.state is State.FROZEN:
            self._container.thaw()
            self._peak_since = 0.0
        self._move(State.BUSY)
        self.call = call
        self._on_end = on_end
        self._on_chunk = on_chunk
        self._output.expect(self._marker, call.request_id)
        if since - self._peak_since > PEAK_S:
            self._peak_since = since
            self._peak_read_at = 0.0
            self._container.reset_peak()
        self._deadline.set(since, call.timeout_s)
        if self._channel is not None:
            self._channel.send_invoke(call_header(call), call.payload)

    def on_frame(self, kind: int, body: bytes) -> None:
        """A message from inside. What does not fit the state is ignored: inside is hostile ground."""
        if self.state is State.BUSY:
            if kind == frames.SUCCESS:
                self._succeed(body)
            else:
                self._call_frame(kind, body)
        elif self.state is State.BINDING:
            self._init_frame(kind, body)
        elif kind == frames.READY and self.state is State.STARTING:
            self._move(State.GENERIC)
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)

    def on_link_lost(self) -> None:
        """The connection is gone; the process usually is too, or must be."""
        if self.state in {State.BUSY, State.BINDING}:
            self._leave()
        elif self.alive and self.state is not State.STARTING:
            self._died()

    async def end(self, reason: EndReason) -> None:
        """Kill and remove it; a call that still runs ends as a platform failure. Idempotent."""
        self._part(reason)
        await self._container.remove()

    async def kill(self, reason: EndReason) -> None:
        """As `end`, but only until its memory is free; what the engine still holds of it is left to `end`. Raises
        DriverError when it does not die."""
        self._part(reason)
        await self._container.kill()

    def _part(self, reason: EndReason) -> None:
        if self.state is State.BUSY:
            self._finish(
                Ended(Outcome.PLATFORM, b"", self._elapsed_us(self._since), 0, self._output.take()[0])
            )
        elif self.state is State.BINDING and self._bound is not None and not self._bound.done():
            self._bound.set_result(Bound(Outcome.PLATFORM, 0, error_message=f"Ended: {reason.label.lower()}"))
        self.on_lost = None
        self._gone()

    # --- inside ---

    def _call_frame(self, kind: int, body: bytes) -> None:
        if kind == frames.STREAM_END:
            self._succeed(bytes(self._collected))
        elif kind in {frames.CHUNK, frames.PRELUDE}:
            self._stream(kind, body)
        elif kind in {frames.ERROR, frames.FATAL}:
            self._fail(kind, body)

    def _succeed(self, response: bytes) -> None:
        now = time.monotonic()
        log, truncated = self._output.take()
        elapsed = int((now - self._since) * 1_000_000)
        if now - self._peak_read_at > PEAK_READ_S:
            self._peak, self._peak_read_at = self._container.peak(), now
        self._finish(Ended(Outcome.SUCCESS, response, elapsed, self._peak, log, truncated), now)

    def _fail(self, kind: int, body: bytes) -> None:
        error = read_error(body)
        log, truncated = self._output.take()
        ended = Ended(
            Outcome.FUNCTION_ERROR,
            body if error.well_formed else b"",
            self._elapsed_us(self._since),
            self._container.peak(),
            log,
            truncated,
            error.type,
            error.message,
            error.stack,
        )
        if kind == frames.FATAL:
            self._gone()
        self._finish(ended)

    def _stream(self, kind: int, body: bytes) -> None:
        if self._on_chunk is not None:
            self._on_chunk(chr(kind), body)
        elif kind == frames.CHUNK:
            self._collected += body[: max(0, _COLLECTED - len(self._collected))]

    def _send_bind(self) -> None:
        message, self._unsent = self._unsent, b""
        if message and self._channel is not None:
            self._channel.send_bind(message)

    def _init_frame(self, kind: int, body: bytes) -> None:
        if kind == frames.READY:  # a language that starts only now
            self._send_bind()
            return
        if self._bound is None or self._bound.done():
            return
        elapsed = self._elapsed_us(self._binding_since)
        if kind == frames.BOUND:
            self._move(State.IDLE)
            self._bound.set_result(Bound(Outcome.SUCCESS, elapsed))
            self._freezer.used(time.monotonic())
        elif kind == frames.INIT_ERROR:
            error = read_error(body)
            self._gone()
            log = self._output.take()[0]
            self._bound.set_result(
                Bound(Outcome.INIT_FAILURE, elapsed, log, error.type, error.message, error.stack)
            )

    def _timed_out(self) -> None:
        duration = self._elapsed_us(self._since)
        peak = self._container.peak()
        log, truncated = self._output.take()
        self._gone()
        self._finish(Ended(Outcome.TIMEOUT, b"", duration, peak, log, truncated))

    def _leave(self) -> None:
        self._note_end()
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().call_later(EXIT_GRACE_S, self._died)

    def _note_end(self) -> None:
        """When it was first seen to end, and what it had used: later its control group is gone."""
        if not self._left_at:
            self._left_at, self._left_peak = time.monotonic(), self._container.peak()

    def _exited(self) -> None:
        self._died()

    def _died(self) -> None:
        if not self.alive:
            return
        before = self.state
        self._note_end()
        killed, status = self._container.oom_killed(), self._container.exit_status()
        outcome, error_type, message = death(killed, self.call, status)
        log, truncated = self._output.take()
        self._gone()
        if before is State.BUSY:
            duration = int((self._left_at - self._since) * 1_000_000)
            self._finish(Ended(outcome, b"", duration, self._left_peak, log, truncated, error_type, message))
        elif before is State.BINDING and self._bound is not None and not self._bound.done():
            elapsed = self._elapsed_us(self._binding_since)
            self._bound.set_result(Bound(outcome, elapsed, log, error_type, message))
        elif before is State.STARTING and self._ready is not None and not self._ready.done():
            said = log.decode("utf-8", "replace").strip()[-400:]
            self._ready.set_exception(DriverError(f"Sandbox {self.id} ended at its start: {said}"))
        elif self.on_lost is not None:
            lost, self.on_lost = self.on_lost, None
            lost(EndReason.OUT_OF_MEMORY if outcome is Outcome.OUT_OF_MEMORY else EndReason.CRASH)

    def _finish(self, ended: Ended, now: float = 0.0) -> None:
        on_end, self._on_end = self._on_end, None
        self._on_chunk = self.call = None
        if self._collected:
            self._collected = bytearray()
        self._deadline.met()
        if self.state is State.BUSY:
            self._move(State.IDLE)
            self._freezer.used(now or time.monotonic())
        if on_end is not None:
            on_end(ended)

    def _freeze(self) -> None:
        if self.state is State.IDLE:
            self._move(State.FROZEN)
            self._container.freeze()

    def _gone(self) -> None:
        if self.state is State.GONE:
            return
        self._move(State.GONE)
        self._output.stop()
        if self._channel is not None:
            self._channel.close()
        self._freezer.stop()
        if self._leaving is not None:
            self._leaving.cancel()
        self._deadline.stop()
        if self.on_gone is not None:
            self.on_gone()

    def _wrote(self, data: bytes) -> None:
        if self.on_output is not None:
            self.on_output(self, data)

    def _move(self, state: State) -> None:
        if state not in self.state.next:
            raise RuntimeError(f"Sandbox {self.id} cannot go from {self.state.name} to {state.name}")
        self.state = state

    @staticmethod
    def _elapsed_us(since: float) -> int:
        return int((time.monotonic() - since) * 1_000_000)
