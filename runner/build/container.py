"""One builder container from start to end: its limits, its output line by line, and what stopped it. Knows the
engine; neither tools nor keys."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound
from docker.types import LogConfig, Mount, Ulimit
from requests.exceptions import RequestException

from runner.sandbox.engine.options import INSTANCE_LABEL
from runner.sandbox.engine.words import engine_words

BUILD_LABEL = "functory.build"
BUILDER_UID = 61_000  # apart from the sandboxes' uids
MEMORY = 2 * 1024**3
PROCESSES = 512
TIME_LIMIT_S = 600.0
WORKSPACE_LIMIT = 2 * 1024**3
LONGEST_LINE = 2_000
_CPU_SHARES = 512  # half of what an ordinary process gets: calls go first
_LOOK_EVERY_S = 0.5
_KILLED = 137


class BuilderDown(RuntimeError):
    """The engine cannot run a builder now; trying again later may help."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a builder does. `workspace` is on the host and becomes /build, writable; so does `cache`, at
    /build/cache, if there is one; `mounts` are read-only, host path to path inside."""

    instance: str
    key: str
    image: str
    command: tuple[str, ...]
    folder: str
    workspace: Path
    network: str
    mounts: Mapping[Path, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended; `stopped` says why it was stopped, "" when it ended by itself."""

    exit_code: int
    stopped: str = ""


def builder_uid() -> int:
    """Whom builders run as: nobody else, or, without root's right to give files away, whoever runs this."""
    return BUILDER_UID if os.geteuid() == 0 else os.geteuid()


def run(client: docker.DockerClient, errand: Errand, on_line: Callable[[str], None]) -> Outcome:
    """Run to the end, or to a limit; nothing remains. Raises BuilderDown."""
    api = client.api
    container_id = ""
    try:
        container_id = str(_create(api, errand)["Id"])
        output = api.attach(container_id, stdout=True, stderr=True, stream=True)
        api.start(container_id)
        with _Watch(api, container_id, errand.workspace) as watch:
            for line in _lines(output):
                on_line(line)
            exit_code = int(api.wait(container_id)["StatusCode"])
        return Outcome(exit_code, watch.stopped or _memory_word(exit_code))
    except ImageNotFound as error:
        raise BuilderDown("The builder image is missing: deploy again, and it is made.") from error
    except (DockerException, RequestException) as error:
        raise BuilderDown(engine_words(error, doing="The engine cannot run a builder")) from error
    finally:
        if container_id:
            _remove(api, container_id)


def orphans(client: docker.DockerClient, instance: str) -> list[tuple[str, str]]:
    """Ids and keys of this installation's builders that exist now."""
    filters = {"label": [f"{INSTANCE_LABEL}={instance}", BUILD_LABEL]}
    listed = client.api.containers(all=True, filters=filters)
    return [(str(item["Id"]), str(item["Labels"][BUILD_LABEL])) for item in listed]


def remove(client: docker.DockerClient, container_id: str) -> None:
    """Kill and remove a builder; one that is gone is fine."""
    _remove(client.api, container_id)


def _create(api: Any, errand: Errand) -> Any:
    return api.create_container(
        image=errand.image,
        command=list(errand.command),
        user=f"{builder_uid()}:{builder_uid()}",
        working_dir=errand.folder,
        environment=dict(errand.environment),
        labels={INSTANCE_LABEL: errand.instance, BUILD_LABEL: errand.key},
        hostname="builder",
        host_config=api.create_host_config(
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            pids_limit=PROCESSES,
            mem_limit=MEMORY,
            memswap_limit=MEMORY,
            cpu_shares=_CPU_SHARES,
            ulimits=[Ulimit(name="core", soft=0, hard=0), Ulimit(name="nofile", soft=4096, hard=4096)],
            log_config=LogConfig(type="none", config={}),
            network_mode=errand.network,
            mounts=[
                Mount("/build", str(errand.workspace), type="bind"),
                *([Mount("/build/cache", str(errand.cache), type="bind")] if errand.cache else []),
                *(
                    Mount(inside, str(path), type="bind", read_only=True)
                    for path, inside in errand.mounts.items()
                ),
            ],
            tmpfs={"/tmp": "rw,nosuid,nodev,size=64m,mode=1777"},  # noqa: S108 - the builder's own
            init=True,
        ),
    )


def _remove(api: Any, container_id: str) -> None:
    try:
        api.remove_container(container_id, force=True, v=True)
    except (DockerException, RequestException):
        return  # gone already, or the engine is: housekeeping looks again


def _memory_word(exit_code: int) -> str:
    if exit_code != _KILLED:
        return ""
    return f"The installation used more than {MEMORY // 1024**3} GB of memory and was stopped."


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """The output by lines, as they are complete; a line without end is cut."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in whole:
            yield line[:LONGEST_LINE].decode("utf-8", "replace")
        if len(rest) > LONGEST_LINE:
            yield rest[:LONGEST_LINE].decode("utf-8", "replace")
            rest = b""
    if rest:
        yield rest.decode("utf-8", "replace")


class _Watch:
    """Stops a builder that takes too long or too much disk; a context manager with a thread."""

    def __init__(self, api: Any, container_id: str, workspace: Path) -> None:
        self._api = api
        self._container_id = container_id
        self._workspace = workspace
        self._deadline = time.monotonic() + TIME_LIMIT_S
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="build-watch", daemon=True)
        self.stopped = ""

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            self.stopped = self._reason()
            if self.stopped:
                _remove(self._api, self._container_id)
                return

    def _reason(self) -> str:
        if time.monotonic() > self._deadline:
            return f"The installation took longer than {TIME_LIMIT_S / 60:.0f} minutes and was stopped."
        if size_of(self._workspace) > WORKSPACE_LIMIT:
            return f"The installation used more than {WORKSPACE_LIMIT // 1024**3} GB of disk and was stopped."
        return ""


def size_of(folder: Path) -> int:
    """Bytes that the files below take on disk; what vanishes meanwhile is not counted. Through descriptors:
    the builder may put a link where a folder was."""
    total = 0
    for _, _, names, descriptor in os.fwalk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_blocks * 512
    return total
