"""Where the sandboxes of one revision stand: warm ones, busy ones, and the calls that wait for them. Plain
state; what happens to it is the dispatcher's business."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from functions.snapshots import FunctionSnapshot
from functions.states import EndReason
from runner.gateway.invocation import Invocation, now_us
from runner.sandbox.spec import Binding, Bound, Call, Ended, PoolKey


class Sandbox(Protocol):
    """What the dispatcher needs of a sandbox."""

    id: str
    on_lost: Callable[[EndReason], None] | None

    @property
    def key(self) -> PoolKey:
        """The kind that it is of."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it can still be used."""
        ...

    def bind(self, binding: Binding) -> Awaitable[Bound]:
        """Make it a function's and run its init; raises DriverError."""
        ...

    def invoke(
        self, call: Call, on_end: Callable[[Ended], None], on_chunk: Callable[[str, bytes], None] | None
    ) -> None:
        """Hand over an event; `on_end` is called exactly once."""
        ...

    async def end(self, reason: EndReason) -> None:
        """Remove it; idempotent."""
        ...

    async def kill(self, reason: EndReason) -> None:
        """End its processes, so that its memory is free; raises DriverError when they do not end."""
        ...

    def memory_now(self) -> int:
        """Bytes in use."""
        ...


class Placement:
    """A sandbox that is bound to a revision. `last_used` is monotonic, `..._us` Unix microseconds."""

    __slots__ = (
        "call",
        "calls",
        "cold",
        "created_us",
        "ending",
        "init_us",
        "lane",
        "last_used",
        "last_used_us",
        "memory_mb",
        "sandbox",
        "why",
    )

    def __init__(self, sandbox: Sandbox, lane: Lane, *, init_us: int, why: str) -> None:
        self.sandbox = sandbox
        self.lane = lane
        self.memory_mb = lane.snapshot.memory_mb
        self.init_us = init_us
        self.cold = True
        self.calls = 0
        self.call: Invocation | None = None
        self.ending: EndReason | None = None
        self.created_us = self.last_used_us = now_us()
        self.last_used = 0.0
        self.why = why

    @property
    def state(self) -> str:
        """In a word, for the Sandboxes page."""
        if self.ending is not None:
            return "ending"
        return "busy" if self.call is not None else "warm"


@dataclass(slots=True, eq=False)
class Lane:
    """One revision under one version name (the name is part of a sandbox's environment) with its secrets. `warm`
    is a stack: the last one used is the first one used again, so that the others may end."""

    snapshot: FunctionSnapshot
    warm: list[Placement] = field(default_factory=list)
    placements: set[Placement] = field(default_factory=set)
    waiting: deque[Invocation] = field(default_factory=deque)
    starting: int = 0
    retired: bool = False
    kept_until: float = 0.0
    hungry: bool = False
    provisioned: int = 0  # sandboxes that are kept ready, whether called or not
    typical_us: float = 0.0  # of its calls lately

    @property
    def spare(self) -> list[Placement]:
        """Idle sandboxes beyond the provisioned ones, those that were used longest ago."""
        if not self.provisioned:
            return self.warm
        return self.warm[: max(0, len(self.placements) - self.provisioned)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be lost with it."""
        return not (self.placements or self.waiting or self.starting)


LaneKey = tuple[str, str, str]


def lane_key(snapshot: FunctionSnapshot) -> LaneKey:
    """Revision, version name, and which editions of secrets are in the environment."""
    return (snapshot.revision_id, snapshot.version, snapshot.secrets)


class Lanes:
    """All lanes, by revision and by function."""

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, Lane] = {}
        self._by_function: dict[str, set[LaneKey]] = {}

    def get(self, snapshot: FunctionSnapshot) -> Lane:
        """The lane of a snapshot, made if it is the first."""
        key = lane_key(snapshot)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(snapshot)
            self._by_function.setdefault(snapshot.function_id, set()).add(key)
        return lane

    def of_function(self, function_id: str) -> list[Lane]:
        """The lanes of one function."""
        return [self._lanes[key] for key in self._by_function.get(function_id, ())]

    def functions(self) -> list[str]:
        """Which functions have lanes."""
        return list(self._by_function)

    def forget(self, lane: Lane) -> None:
        """Drop an empty lane."""
        key = lane_key(lane.snapshot)
        if lane.is_empty and self._lanes.get(key) is lane:
            del self._lanes[key]
            keys = self._by_function[lane.snapshot.function_id]
            keys.discard(key)
            if not keys:
                del self._by_function[lane.snapshot.function_id]

    def idle(self) -> list[Placement]:
        """Every bound sandbox without a call that its lane can spare: not the provisioned ones."""
        return [placement for lane in self._lanes.values() for placement in lane.spare]

    def all(self) -> list[Lane]:
        """Every lane."""
        return list(self._lanes.values())

    def placements(self) -> list[Placement]:
        """Every bound sandbox."""
        return [placement for lane in self._lanes.values() for placement in lane.placements]

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return sum(len(lane.waiting) for lane in self._lanes.values())
