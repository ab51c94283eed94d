"""The floor's containers, of the same image and as hardened as sandboxes, and its server's process. Also what the
engine takes to create and start one."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import httpx
from docker.models.containers import Container
from docker.types import LogConfig, Mount

from runner.images.catalog import image_reference
from runner.sandbox.spec import Limits
from tests.bench import floor_server
from tests.support.stack import wait_for

HERE = Path(__file__).resolve().parent
RUNTIME = "python3.13"
ECHO = "def lambda_handler(event, context):\n    return event\n"


class Floor:
    """A running floor. `port` serves events at `/`."""

    def __init__(self, client: docker.DockerClient, memory_mb: int, containers: int) -> None:
        self._client = client
        self._memory_mb = memory_mb
        self._home = Path(tempfile.mkdtemp(prefix="fl-"))
        self._made: list[Container] = []
        self._homes = [self._home / str(number) for number in range(containers)]
        for home in self._homes:
            home.mkdir()
            shutil.copy(HERE / "floor_worker.py", home / "worker.py")
        self._home.chmod(0o755)
        context = multiprocessing.get_context("spawn")
        mine, other = context.Pipe()
        sockets = [home / "s.sock" for home in self._homes]
        arguments = (sockets, ECHO.encode(), other)
        self._process = context.Process(target=floor_server.run, args=arguments, daemon=True)
        self._process.start()
        self.port = int(mine.recv())
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def start(self) -> None:
        """Start the containers, two at a time, and wait for their first bytes."""
        with ThreadPoolExecutor(2) as threads:
            self._made += threads.map(self._start_one, self._homes)
        try:
            wait_for("the floor's containers are there", lambda: self.spare >= len(self._homes), 30)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.spare} of {len(self._homes)}; {self._states()}") from error

    def start_rate(self, times: int = 10) -> float:
        """Containers that the engine creates and starts a second up to their first byte, two at a time: they are
        started beside the floor's own, and removed."""
        extra = Floor(self._client, self._memory_mb, times)
        try:
            began = time.perf_counter()
            extra.start()
            return times / (time.perf_counter() - began)
        finally:
            extra.close()

    def _states(self) -> list[str]:
        for container in self._made:
            container.reload()
        return [f"{container.status}: {container.attrs['State']['ExitCode']}" for container in self._made]

    @property
    def pid(self) -> int:
        """Of its server."""
        return self._process.pid or 0

    @property
    def spare(self) -> int:
        """How many containers wait without code."""
        return int(self._http.get("/spare").text)

    def use(self, count: int) -> None:
        """So many containers serve from now on."""
        wait_for(f"{count} of the floor", lambda: int(self._http.post(f"/use/{count}").text) == count, 10)

    def cold(self, code: bytes) -> float:
        """Milliseconds of the first call of that code in a container that waits."""
        began = time.perf_counter()
        self._http.post("/cold", content=code).raise_for_status()
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        """Remove all of it."""
        self._http.close()
        self._process.kill()
        self._process.join()
        for container in self._made:
            with contextlib.suppress(docker.errors.APIError):
                container.remove(force=True)
        shutil.rmtree(self._home, ignore_errors=True)

    def _start_one(self, home: Path) -> Container:
        limits = Limits(self._memory_mb)
        memory = self._memory_mb * 1024 * 1024
        container = self._client.containers.create(
            image_reference(RUNTIME),
            entrypoint=["python3", "/run/floor/worker.py"],
            user="65000:65000",
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            pids_limit=1024,
            mem_limit=memory,
            memswap_limit=memory,
            cpu_shares=limits.cpu_shares,
            log_config=LogConfig(type="none", config={}),
            mounts=[Mount("/run/floor", str(home), type="bind", read_only=True)],
        )
        container.start()
        return container


@contextlib.contextmanager
def floor(memory_mb: int, containers: int) -> Iterator[Floor]:
    """A floor for a while."""
    client = docker.from_env()
    made = Floor(client, memory_mb, containers)
    try:
        made.start()
        yield made
    finally:
        made.close()
        client.close()
