"""One kind of prewarmed sandboxes as it waits on its shelf, and what the pool must be told of sandboxes and of the
machine's memory. State and protocols; what happens to it is the pool's business."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from functions.states import EndReason
from runner.sandbox.spec import PoolKey
from runner.sandbox.supply import Demand

# What one of a kind is thought to take until one has been made.
UNKNOWN_SIZE_MB, USUAL_S = 64, 0.15


class Prewarmed(Protocol):
    """A sandbox with its language started and no code."""

    @property
    def key(self) -> PoolKey:
        """The kind that it is of."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it can still be bound."""
        ...

    def memory_now(self) -> int:
        """Bytes in use."""
        ...

    async def kill(self, reason: EndReason) -> None:
        """End its processes, so that its memory is free; raises DriverError when they do not end."""
        ...

    async def end(self, reason: EndReason) -> None:
        """Remove it."""
        ...


class Memory(Protocol):
    """The machine's memory as far as the supply may use it; MB."""

    def may_add(self, memory_mb: int, *, needed: bool) -> bool:
        """Whether one of that size may be made now. For a `needed` one something else may be ended: not now, then,
        but when the pool is told to refill."""
        ...

    def take(self, memory_mb: int) -> None:
        """One waits."""
        ...

    def free(self, memory_mb: int) -> None:
        """One waits no more."""
        ...


class Unlimited:
    """As much memory as anybody wants."""

    def may_add(self, memory_mb: int, *, needed: bool) -> bool:  # noqa: ARG002 - see Memory
        """Always."""
        return True

    def take(self, memory_mb: int) -> None:
        """See Memory."""

    def free(self, memory_mb: int) -> None:
        """See Memory."""


S = TypeVar("S", bound=Prewarmed)


@dataclass(frozen=True, slots=True)
class Stock:
    """One kind as people see it: how many wait, how many should, and how much memory those that wait take."""

    key: PoolKey
    waiting: int
    wanted: int
    memory_mb: int


@dataclass(slots=True)
class Shelf(Generic[S]):
    """One kind: those that wait, those being made, and callers that wait for one."""

    ready: deque[S] = field(default_factory=deque)
    making: int = 0
    callers: deque[asyncio.Future[S]] = field(default_factory=deque)
    permanent: bool = False
    last_used: float = 0.0
    trouble: str = ""
    size_mb: int = UNKNOWN_SIZE_MB  # of the last one made
    takes_s: float = USUAL_S  # to make one, lately
    demand: Demand = field(default_factory=Demand)
