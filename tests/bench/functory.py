"""Functory as it is measured: the whole product with all features on, its functions, and what it has stored. How
many sandboxes a function may have is bounded as the machine bounds it: by memory that others hold."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.config import REPOSITORY, Config
from runner.client import GatewayClient, GatewayDown, GatewayRefused, Order, SandboxView
from tests.bench.floor import ECHO
from tests.bench.load import Measured
from tests.bench.processes import below
from tests.bench.signed import Signer
from tests.support.product import Product
from tests.support.stack import Stack, wait_for

SANDBOXES = 4
MEMORY_MB = 1769  # one whole processor
SMALL_MB = 128
SUPPLY_MB = SMALL_MB - 16  # what waits prewarmed counts, too; too little for another sandbox
ROOM_MB = SANDBOXES * MEMORY_MB + SUPPLY_MB
SETTINGS = {"FUNCTORY_PREWARM": "2", "FUNCTORY_WORKERS": "2", "FUNCTORY_SANDBOX_MEMORY_MB": str(ROOM_MB)}
LINES = (
    "def lambda_handler(event, context):\n"
    "    for n in range(event['lines']):\n"
    "        print('line', n, 'x' * 40)\n"
    "    return event\n"
)
SLEEP = "import time\ndef lambda_handler(event, context):\n    time.sleep(event['s'])\n"


class BenchStack(Stack):
    """An installation with the settings that most have, and a known room for sandboxes."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **SETTINGS}


@dataclass
class Functory:
    """A running installation. `sent` counts the calls of each function that were answered, for the proof that none
    lacks its record."""

    stack: BenchStack
    product: Product
    gateway: GatewayClient
    sent: dict[str, int] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Of the public address."""
        return int(self.stack.gateway.rpartition(":")[2])

    def pid(self, name: str) -> int:
        """Of one of its processes, as `manage.py` calls it."""
        assert self.stack.process is not None
        return next(pid for pid, words in below(self.stack.process.pid) if f"manage.py {name}" in words)

    @property
    def signer(self) -> Signer:
        """Signs as a developer's key."""
        key, secret = self.product.keys["developer"]
        return Signer(self.stack.gateway, key, secret)

    # --- functions ---

    def create(self, code: dict[str, str | bytes], memory_mb: int = MEMORY_MB, **more: Any) -> None:
        """Functions from the source of one file or a zip, all at once; returns when all are active."""
        for name, text in code.items():
            settings = {"MemorySize": memory_mb, "Timeout": 900, **more}
            self.product.create(name, text, wait=False, **settings)
        client = self.product.client()
        for name in code:
            waiter = client.get_waiter("function_active_v2")
            waiter.wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 90})

    def create_usual(self) -> None:
        """The functions of the cases."""
        self.create({"echo": ECHO, "lines": LINES})
        self.create({"echo-small": ECHO, "quick": ECHO}, SMALL_MB)
        for held in (3 * MEMORY_MB, 2 * MEMORY_MB, SANDBOXES * MEMORY_MB - SMALL_MB):
            self.create({f"hold-{held}": SLEEP}, held)

    def copy(self, count: int, *names: str) -> None:
        """So many more functions like each of these, named `<name>-<number>`; nobody has called them."""
        self.plant("functions", str(count), *names)

    def plant(self, *words: str) -> None:
        """Rows in bulk; see tests.bench.plant."""
        command = [sys.executable, "-m", "tests.bench.plant", *words]
        environ = self.stack.environment()
        made = subprocess.run(
            command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr

    def note(self, function: str, measured: Measured) -> Measured:
        """Count what was answered."""
        good = sum(count for status, count in measured.answered.items() if status == "200")
        self.sent[function] = self.sent.get(function, 0) + good
        return measured

    def function_id(self, name: str) -> str:
        """The id of a live function."""
        path = self.stack.home / "control.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            query = "select id from functions_function where name = ? and deleted_at is null"
            return str(UUID(database.execute(query, (name,)).fetchone()[0]))

    # --- sandboxes ---

    def sandboxes(self, function: str) -> list[SandboxView]:
        """A function's sandboxes."""
        return [one for one in self.gateway.sandboxes().sandboxes if one.function_name == function]

    def end_idle(self, function: str) -> None:
        """End a function's sandboxes."""
        for one in self.sandboxes(function):
            with contextlib.suppress(GatewayRefused):
                self.gateway.end_sandbox(one.id)
        wait_for(f"{function} has no sandbox", lambda: not self.sandboxes(function), 20)

    @contextlib.contextmanager
    def at_most(self, count: int, memory_mb: int = MEMORY_MB) -> Iterator[None]:
        """Room for so many sandboxes of that size and no more: a sleeping function holds the rest."""
        held = SANDBOXES * MEMORY_MB - count * memory_mb
        if not held:
            yield
            return
        name = f"hold-{held}"
        order = Order(function_id=self.function_id(name), payload=json.dumps({"s": 800}).encode())
        holding = threading.Thread(target=self._hold, args=(order,), daemon=True)
        holding.start()
        try:
            wait_for(f"{name} sleeps", lambda: any(one.state == "busy" for one in self.sandboxes(name)), 60)
            yield
        finally:
            for one in self.sandboxes(name):
                label = f"label=functory.sandbox={one.id}"
                found = subprocess.run(
                    ["docker", "ps", "-q", "--filter", label], capture_output=True, text=True, check=True
                )
                subprocess.run(["docker", "kill", found.stdout.strip()], capture_output=True, check=False)
            holding.join(30)
            wait_for(f"{name} has ended", lambda: not self.sandboxes(name), 30)

    def _hold(self, order: Order) -> None:
        with GatewayClient(self.config) as client, contextlib.suppress(GatewayRefused, GatewayDown):
            client.invoke(order)

    # --- what is stored ---

    @property
    def config(self) -> Config:
        """As its processes have it."""
        return Config.from_environ(self.stack.environment())

    def stored(self) -> int:
        """How many calls are recorded."""
        return int(self.product.rows("select count(*) from functions_invocation")[0][0])

    def settle(self, limit_s: float = 120) -> float:
        """Wait until the recorder has stored all that was called; returns for how long that took."""
        began = time.monotonic()

        def settled() -> bool:
            return self.gateway.health().journal_backlog == 0 and self._in_stream() == 0

        wait_for("all calls are recorded", settled, limit_s)
        return time.monotonic() - began

    def _in_stream(self) -> int:
        import redis

        with redis.Redis.from_url(self.config.redis_address) as client:
            prefix = f"functory:{self.config.instance}:"
            groups = client.xinfo_groups(prefix + "records")
            return sum(int(one["pending"]) + int(one["lag"] or 0) for one in groups)

    def missing(self) -> dict[str, int]:
        """Of each function: how many answered calls have no record."""
        self.settle()
        counted = self.product.rows(
            "select function_name, count(*) from functions_invocation where outcome = 'success' group by 1"
        )
        stored = {str(name): int(count) for name, count in counted}
        lacking = {name: sent - stored.get(name, 0) for name, sent in self.sent.items()}
        return {name: count for name, count in lacking.items() if count}


@contextlib.contextmanager
def functory() -> Iterator[Functory]:
    """An installation that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="functory-bench-"))
    stack = BenchStack(home)
    try:
        stack.start()
        product = Product(stack)
        product.populate()
        with GatewayClient(Config.from_environ(stack.environment())) as gateway:
            yield Functory(stack, product, gateway)
    finally:
        stack.stop()
        shutil.rmtree(home, ignore_errors=True)
