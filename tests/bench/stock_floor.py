"""The containers of the stock client's floor, hardened as sandboxes are, with the Runtime API inside each one's own
network namespace, as the product has it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import httpx
from docker.types import LogConfig, Mount

from runner.images.catalog import image_reference
from runner.sandbox.kernel.namespaces import NamespaceThread
from runner.sandbox.kernel.netns import listen_inside
from runner.sandbox.kernel.syscalls import Kernel
from runner.sandbox.spec import Limits
from tests.bench import floor_runtime_api
from tests.bench.floor import RUNTIME
from tests.bench.stock import CODE
from tests.support.stack import wait_for

PORT = 9001
WAIT = "while [ ! -e /run/floor/go ]; do sleep 0.05; done; exec python3 -u -m awslambdaric lambda_function.lambda_handler"
ENVIRONMENT = {
    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{PORT}",
    "PYTHONPATH": "/run/floor/site:/run/floor",
    "AWS_LAMBDA_FUNCTION_NAME": "floor",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "AWS_LAMBDA_LOG_GROUP_NAME": "floor",
    "AWS_LAMBDA_LOG_STREAM_NAME": "floor",
    "HOME": "/tmp",
}


@contextlib.contextmanager
def stock_floor(site: Path, memory_mb: int, containers: int) -> Iterator[tuple[int, int]]:
    """A port at which so many containers answer, and the process behind it."""
    home = Path(tempfile.mkdtemp(prefix="fs-"))
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, home, ignore_errors=True)
        client = undo.enter_context(contextlib.closing(docker.from_env()))
        home.chmod(0o755)
        (home / "lambda_function.py").write_bytes(CODE)
        (home / "site").mkdir()
        thread = NamespaceThread(Kernel())
        undo.callback(thread.close)
        made = []
        for _ in range(containers):
            made.append(start_one(client, home, site, memory_mb))
            undo.callback(made[-1].remove, force=True)
        listeners = [inside(thread, one) for one in made]
        port, pid = undo.enter_context(serving(listeners))
        (home / "go").touch()
        url = f"http://127.0.0.1:{port}/"
        wait_for(
            "the floor's clients answer", lambda: httpx.post(url, content=b"{}", timeout=20).text == "{}", 30
        )
        yield port, pid


@contextlib.contextmanager
def serving(listeners: list[socket.socket]) -> Iterator[tuple[int, int]]:
    """The server's port and process."""
    context = multiprocessing.get_context("spawn")
    mine, other = context.Pipe()
    process = context.Process(target=floor_runtime_api.run, args=(other,), daemon=True)
    process.start()
    try:
        mine.send(listeners)
        yield int(mine.recv()), process.pid or 0
    finally:
        process.kill()
        process.join()


def start_one(client: docker.DockerClient, home: Path, site: Path, memory_mb: int):  # type: ignore[no-untyped-def]
    """One container that waits for the word to begin."""
    memory = memory_mb * 1024 * 1024
    container = client.containers.create(
        image_reference(RUNTIME),
        entrypoint=["sh", "-c", WAIT],
        user="65000:65000",
        environment=ENVIRONMENT,
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        pids_limit=1024,
        mem_limit=memory,
        memswap_limit=memory,
        cpu_shares=Limits(memory_mb).cpu_shares,
        log_config=LogConfig(type="none", config={}),
        mounts=[
            Mount("/run/floor", str(home), type="bind", read_only=True),
            Mount("/run/floor/site", str(site), type="bind", read_only=True),
        ],
    )
    container.start()
    return container


def inside(thread: NamespaceThread, container) -> socket.socket:  # type: ignore[no-untyped-def]
    """A listener in its network namespace."""
    container.reload()
    pidfd = os.pidfd_open(container.attrs["State"]["Pid"])
    try:
        return listen_inside(thread, pidfd, PORT)
    finally:
        os.close(pidfd)
