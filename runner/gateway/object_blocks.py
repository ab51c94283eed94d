"""Sends what lies in files as fast as the client takes it, and no faster. Knows no bucket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from runner.gateway.exchange import Exchange
from runner.gateway.wire import MB, Headers

# What may wait for a client that reads slowly, and how often that is looked at.
UNSENT = 2 * MB
PAUSE_S = 0.005
log = logging.getLogger("functory.gateway")


async def send_blocks(
    exchange: Exchange, status: int, headers: Headers, blocks: Iterator[bytes], length: int
) -> None:
    """Answer with `length` bytes; when there are fewer, the client sees that the answer is not whole."""
    loop = asyncio.get_running_loop()
    exchange.begin(status, headers, length)
    left = length
    try:
        while (block := await loop.run_in_executor(None, next, blocks, None)) is not None:
            left -= len(block)
            if not exchange.write(block):
                break
            while exchange.unsent > UNSENT and not exchange.done:
                await asyncio.sleep(PAUSE_S)
    except OSError as error:
        log.warning("an object could not be read to its end: %s", error)
    if left:
        exchange.break_off()
    else:
        exchange.finish()
