"""What the gateway says of itself and of its machine: health and the Sandboxes page's values. Reads only."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from functions.config import REPOSITORY
from runner.client import Health, HostView, SandboxesView, SandboxView, SupplyView
from runner.gateway.fleet import Fleet
from runner.gateway.journal import Journal
from runner.gateway.lanes import Placement, Sandbox
from runner.gateway.room import read_machine_memory
from runner.sandbox.pool import Pool

MB = 1024 * 1024


class Machine:
    """The reading side. `troubles` gives why Redis cannot be used, or ""; `engine` why nothing can start."""

    def __init__(
        self,
        *,
        home: Path,
        fleet: Fleet,
        pool: Pool[Sandbox],
        journal: Journal,
        engine: Callable[[], str],
        troubles: Callable[[], str],
        isolation: Callable[[], dict[str, Any]],
    ) -> None:
        self._home = home
        self._fleet = fleet
        self._pool = pool
        self._journal = journal
        self._engine = engine
        self._troubles = troubles
        self._isolation = isolation
        self._version = read_version()

    def health(self) -> Health:
        """Well means that a call can be run now."""
        engine = self._engine()
        return Health(
            ok=not engine,
            engine=engine or "ok",
            sandboxes=len(self._fleet.lanes.placements()) + self._pool.waiting,
            journal_backlog=self._journal.backlog,
            version=self._version,
            redis=self._troubles() or "ok",
            isolation=self._isolation(),
        )

    def sandboxes(self) -> SandboxesView:
        """All that runs now."""
        placements = sorted(self._fleet.lanes.placements(), key=lambda one: one.created_us)
        return SandboxesView(
            sandboxes=[view(one) for one in placements],
            supply=[
                SupplyView(
                    runtime=kind.key.runtime,
                    network=kind.key.network,
                    waiting=kind.waiting,
                    wanted=kind.wanted,
                    memory_mb=kind.memory_mb,
                )
                for kind in self._pool.supply()
            ],
            host=self._host(),
            recent_ends=self._fleet.ends.recent(),
            engine=self._engine() or "ok",
        )

    def _host(self) -> HostView:
        total, free = read_machine_memory()
        return HostView(
            cpus=os.cpu_count() or 1,
            load=os.getloadavg()[0],
            memory_mb=total,
            memory_free_mb=free,
            disk_free_mb=shutil.disk_usage(self._home).free // MB,
            committed_mb=self._fleet.room.committed_mb,
            limit_mb=self._fleet.room.limit_mb,
        )


def view(placement: Placement) -> SandboxView:
    """One bound sandbox as the console shows it."""
    snapshot, sandbox = placement.lane.snapshot, placement.sandbox
    return SandboxView(
        id=sandbox.id,
        function_id=snapshot.function_id,
        function_name=snapshot.name,
        version=snapshot.version,
        runtime=snapshot.runtime,
        network=snapshot.network,
        state=placement.state,
        created_us=placement.created_us,
        last_used_us=placement.last_used_us,
        calls=placement.calls,
        memory_mb=placement.memory_mb,
        memory_now=sandbox.memory_now() if sandbox.alive else 0,
        why=placement.why,
    )


def read_version() -> str:
    """Functory's version."""
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        version: str = tomllib.load(file)["project"]["version"]
    return version
