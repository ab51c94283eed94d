"""Sandboxes move over to images that were made anew: those that wait are replaced, those that work end after their
call, a part of each revision's at a time. Asks the driver which are outdated, again and again: no message of it can
be lost, whoever made the images."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from functions.states import EndReason
from runner.gateway.fleet import Fleet
from runner.gateway.lanes import Placement, Sandbox
from runner.sandbox.driver import DriverError
from runner.sandbox.pool import Pool

ROUND_S = 5.0
DETAIL = "its image was made anew"
Outdated = Callable[[], frozenset[str]]
log = logging.getLogger("functory.renewal")


class Renewal:
    """One loop of small rounds. `outdated` names sandboxes by their ids; it is blocking and raises DriverError."""

    def __init__(self, outdated: Outdated, fleet: Fleet, pool: Pool[Sandbox]) -> None:
        self._outdated = outdated
        self._fleet = fleet
        self._pool = pool

    async def run(self) -> None:
        """Until cancelled; an engine that is away is waited for."""
        while True:
            await asyncio.sleep(ROUND_S)
            try:
                self.renew(await asyncio.to_thread(self._outdated))
            except DriverError as error:
                log.debug("nobody can tell which sandboxes are outdated: %s", error)

    def renew(self, ids: frozenset[str]) -> None:
        """One round. Half of what a revision has ends at a time, the idle before the busy: the rest goes on answering
        until there are new ones."""
        if not ids:
            return
        self._pool.retire(lambda sandbox: sandbox.id in ids)
        for lane in self._fleet.lanes.all():
            old = [one for one in lane.placements if one.sandbox.id in ids and one.ending is None]
            for placement in sorted(old, key=_is_busy)[: (len(old) + 1) // 2]:
                self._fleet.end(placement, EndReason.DRAINED, DETAIL)


def _is_busy(placement: Placement) -> bool:
    return placement.call is not None
