"""Makes sandboxes ready to be bound: container, connection, language started. The pool calls it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from functions.runtimes import runtime
from functions.states import EndReason
from runner.runtime_api.channel import RuntimeApiChannel
from runner.sandbox.driver import Container, Driver
from runner.sandbox.link import Link, connect
from runner.sandbox.sandbox import Sandbox
from runner.sandbox.spec import PoolKey

START_TIMEOUT_S = 30.0


class SandboxFactory:
    """Makes them with one driver; `on_output` sees what each writes, for live tails; `furnish` adds to a generic
    one what the gateway wants inside."""

    def __init__(
        self,
        driver: Driver,
        on_output: Callable[[Sandbox, bytes], None] | None = None,
        furnish: Callable[[Sandbox, Container], Awaitable[None]] | None = None,
    ) -> None:
        self._driver = driver
        self._on_output = on_output
        self._furnish = furnish

    async def make(self, key: PoolKey) -> Sandbox:
        """A generic sandbox whose language waits for code; raises DriverError, and then nothing is left."""
        container = await self._driver.create(key)
        sandbox = Sandbox(container)
        sandbox.on_output = self._on_output
        connecting = self._listen(sandbox, container)
        try:
            await sandbox.ready(START_TIMEOUT_S)
            if self._furnish is not None:
                await self._furnish(sandbox, container)
        except BaseException:
            connecting.cancel()
            await sandbox.end(EndReason.PLATFORM)
            raise
        return sandbox

    def _listen(self, sandbox: Sandbox, container: Container) -> asyncio.Task[None]:
        if runtime(container.key.runtime).lean:
            link = Link(sandbox.on_frame, sandbox.on_link_lost)
            sandbox.begin(link)
        else:
            # The program that waits for the code hangs up when it becomes the function's runtime.
            link = Link(sandbox.on_frame, lambda: None)
            sandbox.begin(RuntimeApiChannel(container, link, sandbox.on_frame))
        connecting = asyncio.get_running_loop().create_task(_connect(container, link))
        sandbox.on_gone = connecting.cancel
        return connecting


async def _connect(container: Container, link: Link) -> None:
    with suppress(OSError):  # the listener went with the container
        await connect(container.listener(), link)
