"""Notes requests of known callers that were refused before they became a call: what was asked for, by whom, and
why not. Held in memory and written in bulk; bounded, since a client in a loop refuses itself for ever."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from functions.errors import FunctoryError
from functions.records import Refused
from functions.snapshots import KeySnapshot
from runner.gateway.catalog import Catalog
from runner.gateway.invocation import now_us
from runner.gateway.wire import Request

EACH_SECOND = 50
HELD = 2_000
WRITE_EVERY_S = 1.0
KEY_ID = re.compile(r"Credential=([A-Z0-9]{16,128})/")
log = logging.getLogger("functory.gateway")


class Asked(NamedTuple):
    """Who asked for what."""

    request: Request
    project_id: str
    caller: str
    operation: str
    function_name: str


class Refusals:
    """The notes of the last second, and the task that writes them."""

    def __init__(self, write: Callable[[Sequence[Refused]], Awaitable[None]]) -> None:
        self._write = write
        self._noted: list[Refused] = []
        self._second = 0
        self._in_second = 0

    def note(self, asked: Asked, error: FunctoryError, request_id: str) -> None:
        """Keep one, or count it when this second has had enough."""
        now = now_us()
        if now // 1_000_000 != self._second:
            self._second, self._in_second = now // 1_000_000, 0
        self._in_second += 1
        if self._in_second > EACH_SECOND or len(self._noted) >= HELD:
            self._count_in()
            return
        self._noted.append(
            Refused(
                request_id=request_id,
                project_id=asked.project_id,
                function_name=asked.function_name,
                operation=asked.operation,
                error_type=error.code,
                status=error.status,
                message=error.message,
                caller=asked.caller,
                address=asked.request.peer,
                payload_bytes=len(asked.request.body),
                at_us=now,
            )
        )

    def _count_in(self) -> None:
        if self._noted:
            last = self._noted[-1]
            self._noted[-1] = replace(last, more=last.more + 1)

    async def run(self) -> None:
        """Write what was noted, once a second, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Write now; what a database does not take is lost, and said so: it is no call."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        try:
            await self._write(noted)
        except Exception:
            log.exception("%d refused requests could not be written down", len(noted))


def note_unread(
    refusals: Refusals,
    catalog: Catalog,
    request: Request,
    function_name: str,
    error: FunctoryError,
    request_id: str,
) -> None:
    """A body that was too large to be read: its signature cannot be checked, so that the key which the request
    names says only whose list it goes to."""
    named = KEY_ID.search(request.headers.get("authorization", ""))
    if named is None:
        return

    def found(key: KeySnapshot | FunctoryError | None) -> None:
        if isinstance(key, KeySnapshot):
            caller = f"{key.key_id} (signature not checked)"
            asked = Asked(request, key.principal.project_id, caller, "Invoke", function_name)
            refusals.note(asked, error, request_id)

    catalog.key(named[1], found)
