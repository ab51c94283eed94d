"""What the gateway's wiring itself does: its tasks end, also when one cancellation gets lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from runner.gateway.main import end_tasks


async def losing_one() -> None:
    """As under a library that swallows a cancellation and goes on."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(3600)
    await asyncio.sleep(3600)


async def failing() -> None:
    raise RuntimeError("ended long ago")


def test_tasks_end_also_when_a_cancellation_is_lost() -> None:
    async def scenario() -> list[asyncio.Task[None]]:
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(work()) for work in (losing_one, failing, losing_one)]
        await asyncio.sleep(0)
        await asyncio.wait_for(end_tasks(tasks), 10)
        return tasks

    tasks = asyncio.run(scenario())
    assert [task.cancelled() for task in tasks] == [True, False, True]
    assert str(tasks[1].exception()) == "ended long ago"


def test_without_tasks_there_is_nothing_to_wait_for() -> None:
    asyncio.run(end_tasks([]))
