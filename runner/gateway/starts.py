"""Cold starts: a prewarmed sandbox of the right kind becomes a function's. Knows pool and binding; no
queues, no calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from functions import limits
from functions.errors import FunctoryError, ServiceUnavailable
from functions.snapshots import FunctionSnapshot
from functions.states import EndReason
from runner.gateway.lanes import Sandbox
from runner.sandbox.driver import DriverError
from runner.sandbox.pool import Pool
from runner.sandbox.spec import Binding, Bound, CodeMount, Limits, PoolKey

SUPPLY_S = 30.0


class Starter:
    """Starts sandboxes for snapshots; `key_of` is the runtime table's knowledge, `environment_of` gives what a
    sandbox (its id) finds as that function's."""

    def __init__(
        self,
        pool: Pool[Sandbox],
        key_of: Callable[[FunctionSnapshot], PoolKey],
        environment_of: Callable[[FunctionSnapshot, str], dict[str, str]],
    ) -> None:
        self._pool = pool
        self._key_of = key_of
        self._environment_of = environment_of

    def stock_mb(self, snapshot: FunctionSnapshot) -> int:
        """How much memory the supply has no more once the snapshot has its sandbox of it."""
        key = self._kind_of(snapshot)
        return self._pool.stock_mb(key) if key is not None else 0

    def wait_s(self, snapshot: FunctionSnapshot) -> float:
        """How long its sandbox would have to be waited for, by how long they took lately; 0 for a prewarmed one."""
        key = self._kind_of(snapshot)
        return self._pool.wait_s(key) if key is not None else 0.0

    @property
    def leaving_mb(self) -> int:
        """How much the supply is about to give back."""
        return self._pool.leaving_mb

    def give_way(self, memory_mb: int, snapshot: FunctionSnapshot, *, is_alone: bool) -> int:
        """Have the supply give so much back for the snapshot's sandbox: what demand has added to it, or what there is
        if no other sandbox will ever make room. Returns how much it will be, 0 when it has not got it."""
        key = self._kind_of(snapshot)
        return self._pool.give_way(memory_mb, key, entirely=is_alone) if key is not None else 0

    @property
    def supply_mb(self) -> int:
        """How much memory the supply takes."""
        return self._pool.taken_mb + self._pool.leaving_mb

    def _kind_of(self, snapshot: FunctionSnapshot) -> PoolKey | None:
        try:
            return self._key_of(snapshot)
        except FunctoryError:
            return None  # the start will say why

    def refill(self) -> None:
        """There is room again."""
        self._pool.refill_soon()

    async def start(self, snapshot: FunctionSnapshot) -> tuple[Sandbox, Bound]:
        """A sandbox that was bound to the snapshot's code, and how its init went; raises
        ServiceUnavailable when the engine cannot give one."""
        sandbox = await self._acquire(self._key_of(snapshot))
        try:
            bound = await sandbox.bind(self._binding(snapshot, sandbox.id))
        except DriverError as error:
            await sandbox.end(EndReason.PLATFORM)
            raise ServiceUnavailable(f"The sandbox could not be given its code: {error}") from error
        except BaseException:
            await sandbox.end(EndReason.PLATFORM)
            raise
        return sandbox, bound

    async def _acquire(self, key: PoolKey) -> Sandbox:
        try:
            return await asyncio.wait_for(self._pool.acquire(key), SUPPLY_S)
        except DriverError as error:
            raise ServiceUnavailable(f"No sandbox can be made: {error}") from error
        except TimeoutError as error:
            raise ServiceUnavailable(
                f"No sandbox could be made within {SUPPLY_S:.0f} seconds: the machine is busy."
            ) from error

    def _binding(self, snapshot: FunctionSnapshot, sandbox_id: str) -> Binding:
        return Binding(
            mounts=mounts_of(snapshot),
            limits=Limits(snapshot.memory_mb, snapshot.ephemeral_mb),
            handler=snapshot.handler,
            environment=self._environment_of(snapshot, sandbox_id),
            init_timeout_s=limits.INIT_TIMEOUT_S,
            command=snapshot.program.command if snapshot.program else (),
            directory=snapshot.program.directory if snapshot.program else "",
        )


def mounts_of(snapshot: FunctionSnapshot) -> tuple[CodeMount, ...]:
    """What appears inside: code, its dependencies, layers; nothing in a container image, which is all of them."""
    if snapshot.program is not None:
        return ()
    mounts = [CodeMount(snapshot.code, "/var/task")]
    if snapshot.dependencies is not None:
        mounts.append(CodeMount(snapshot.dependencies, "/var/dependencies"))
    mounts += [CodeMount(layer, "/opt") for layer in snapshot.layers]
    return tuple(mounts)
