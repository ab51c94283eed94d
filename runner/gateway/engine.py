"""The sandbox engine as the gateway sees it: recovered before anything is made, watched while it runs, and
its trouble said in words until it is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from runner.sandbox.driver import Driver, DriverError

UPKEEP_S = 5.0
log = logging.getLogger("functory.engine")


class Upkeep(Protocol):
    """What is done to the engine every few seconds, on a thread: blocking, raises DriverError."""

    def __call__(self) -> dict[str, Any]:
        """Look, put right, and say what holds."""
        ...


class Engine:
    """`trouble` is "" once sandboxes can be made. `isolation` is what was last read back."""

    def __init__(self, driver: Driver, upkeep: Upkeep, on_well: Callable[[], None]) -> None:
        self._driver = driver
        self._upkeep = upkeep
        self._on_well = on_well
        self._recovered = False
        self.trouble = "sandboxes left by an earlier run are being removed"
        self.isolation: dict[str, Any] = {}

    async def recover(self) -> None:
        """Remove what an earlier run left; called before listening, and again until it has worked."""
        try:
            removed = await self._driver.recover()
        except (DriverError, OSError) as error:
            self._complain(str(error))
            return
        if removed:
            log.info("removed %d sandboxes that an earlier run had left", removed)
        self._recovered = True
        await self.look()

    async def look(self) -> None:
        """One round of upkeep."""
        try:
            self.isolation = await asyncio.to_thread(self._upkeep)
        except (DriverError, OSError) as error:
            self._complain(str(error))
            return
        if self.trouble:
            self.trouble = ""
            log.info("the engine is ready")
            self._on_well()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(UPKEEP_S)
            if self._recovered:
                await self.look()
            else:
                await self.recover()

    def _complain(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("no sandboxes can be made: %s", trouble)
        self.trouble = trouble
