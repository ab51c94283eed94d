"""A gateway that writes nothing down, beside a running installation: its databases, its Redis, its functions, and a
home and an address of its own. `python -m tests.bench.unrecorded HOME PORT`, in the installation's environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import uvloop

from functions.config import REPOSITORY, Address, Config
from tests.bench.functory import Functory
from tests.support.stack import free_port, wait_for


async def serve(config: Config) -> None:
    """As the product's, but for the journal and the log's text."""
    from runner.gateway import report
    from runner.gateway.docker import DockerEngine
    from runner.gateway.main import Gateway
    from runner.gateway.source import Queries

    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    driver = DockerEngine(config)
    gateway = Gateway(config, driver, driver.upkeep, Queries())

    def add(_record: object, answer: Callable[[], None] | None = None) -> None:
        if answer is not None:
            loop.call_soon(answer)

    gateway.journal.add = add  # type: ignore[method-assign, assignment]
    report.log_text = lambda *_, **__: ""  # type: ignore[assignment]
    await gateway.start()
    await stopping.wait()
    await gateway.stop()


@contextlib.contextmanager
def unrecorded(ours: Functory, memory_mb: int) -> Iterator[int]:
    """Its port, while it runs; `memory_mb` is its room for sandboxes."""
    home, port = Path(tempfile.mkdtemp(prefix="unrecorded-")), free_port()
    environ = {**ours.stack.environment(), "FUNCTORY_SANDBOX_MEMORY_MB": str(memory_mb)}
    command = [sys.executable, "-m", "tests.bench.unrecorded", str(home), str(port)]
    (home / "bin").mkdir()
    shutil.copy2(ours.config.home / "bin" / "launcher", home / "bin" / "launcher")
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environ, stdout=subprocess.DEVNULL, stderr=None)
    try:
        address = f"http://127.0.0.1:{port}/_functory/health"
        wait_for("a gateway without records", lambda: httpx.get(address).json().get("ok"), 60)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(40)
        process.kill()
        shutil.rmtree(home, ignore_errors=True)


def main(home: Path, port: int) -> None:
    """The process."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    import django

    django.setup()
    from django.conf import settings

    config = replace(
        settings.FUNCTORY,
        home=home,
        gateway=Address("127.0.0.1", port),
        redis_url=settings.FUNCTORY.redis_address,
    )
    uvloop.run(serve(config))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
