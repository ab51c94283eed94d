"""Keeps provisioned sandboxes: reads what is asked for whenever something has changed, starts what is missing, and
lets go of what is not asked for any more. Knows no calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from functions.errors import FunctoryError
from functions.snapshots import FunctionSnapshot, Provision, Route
from functions.states import Outcome
from runner.gateway.catalog import Catalog
from runner.gateway.fleet import Fleet
from runner.gateway.lanes import LaneKey, lane_key

ROUND_S = 0.5
READ_AGAIN_S = 60.0  # an announcement may have been missed
LONGEST_BACK_OFF_S = 60.0
log = logging.getLogger("functory.provisions")


@dataclass(slots=True)
class Kept:
    """One lane that has sandboxes kept: how many, and when to start missing ones again."""

    snapshot: FunctionSnapshot
    wanted: int
    try_at: float = 0.0
    tries: int = 0


class Provisions:
    """One loop of small rounds; a lane that is empty is forgotten, and told again in the next."""

    def __init__(self, catalog: Catalog, fleet: Fleet) -> None:
        self._catalog = catalog
        self._fleet = fleet
        self._kept: dict[LaneKey, Kept] = {}
        self._starts: set[asyncio.Task[None]] = set()
        self._generation = -1
        self._read_at = float("-inf")

    async def run(self) -> None:
        """Until cancelled; the database may be away for a while."""
        while True:
            try:
                await self._learn()
                self.keep()
            except Exception:
                log.exception("provisioned sandboxes could not be looked after")
                await asyncio.sleep(READ_AGAIN_S / 10)
            await asyncio.sleep(ROUND_S)

    async def _learn(self) -> None:
        now = asyncio.get_running_loop().time()
        generation = self._catalog.generation
        if generation == self._generation and now - self._read_at < READ_AGAIN_S:
            return
        asked = await self._catalog.provisions()
        found = [(one, await self._route(one)) for one in asked]
        self._change(found)
        self._generation, self._read_at = generation, now

    async def _route(self, asked: Provision) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._catalog.route_by_id(asked.function_id, asked.qualifier, partial(_tell, answer))
        return await answer

    def _change(self, found: Iterable[tuple[Provision, Any]]) -> None:
        wanted: dict[LaneKey, Kept] = {}
        for asked, route in found:
            if not isinstance(route, Route):
                continue  # the version is gone, or the database is away
            snapshot = route.choices[0][0]
            before = self._kept.get(lane_key(snapshot))
            tried = (before.try_at, before.tries) if before and before.wanted == asked.wanted else (0.0, 0)
            wanted[lane_key(snapshot)] = Kept(snapshot, asked.wanted, *tried)
        for key, kept in self._kept.items():
            if key not in wanted:
                self._lane(kept.snapshot, 0)
        self._kept = wanted

    def keep(self) -> None:
        """Start what is missing; where that fails again and again, less and less often."""
        now = asyncio.get_running_loop().time()
        for kept in self._kept.values():
            missing = self._lane(kept.snapshot, kept.wanted)
            if missing <= 0:
                kept.tries = 0
            elif kept.try_at <= now:
                kept.try_at = now + min(LONGEST_BACK_OFF_S, ROUND_S * 2 ** min(kept.tries, 10))
                kept.tries += 1
                for _ in range(missing):
                    task = asyncio.get_running_loop().create_task(self._start(kept.snapshot))
                    self._starts.add(task)
                    task.add_done_callback(self._starts.discard)

    def _lane(self, snapshot: FunctionSnapshot, wanted: int) -> int:
        """Tell the revision's lane how many it keeps; how many it lacks."""
        lane = self._fleet.lanes.get(snapshot)
        lane.provisioned = wanted
        missing = wanted - len(lane.placements) - lane.starting
        self._fleet.lanes.forget(lane)
        return missing

    async def _start(self, snapshot: FunctionSnapshot) -> None:
        try:
            bound = await self._fleet.warm(snapshot, "it is provisioned")
        except FunctoryError as error:
            log.warning("a provisioned sandbox of %s was not started: %s", snapshot.name, error.message)
        else:
            if bound.outcome is not Outcome.SUCCESS:
                log.warning("a provisioned sandbox of %s failed to start", snapshot.name)


def _tell(answer: asyncio.Future[Any], route: Any) -> None:
    if not answer.done():
        answer.set_result(route)
