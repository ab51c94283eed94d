"""Which processes make up Functory, as whom they run, in which order they stop. Pure."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from functions.config import REPOSITORY, Config
from runner.host.engine import EnginePlace
from runner.host.engine import command as engine_command
from runner.host.needs import find_program
from runner.host.remains import clear_remains
from runner.supervisor import ready
from runner.supervisor.errors import UpError
from runner.supervisor.sweep import remove_sockets, sweep
from runner.supervisor.web import Role, web_command, web_environment

ENGINE, REDIS, GATEWAY, RECORDER = "engine", "redis", "gateway", "recorder"
# The kernel's limit on the path of a unix socket, without the final zero.
_LONGEST_SOCKET = 107


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """One process. `stage` orders stopping (0 first); `separate` ones run as the unprivileged account; `log` is
    where output goes that nobody wants to watch; `before_start` returns what it had to clear away."""

    name: str
    command: tuple[str, ...]
    stage: int
    grace_s: float
    separate: bool = False
    is_ready: Callable[[], bool] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    before_start: Callable[[], list[str]] | None = None
    after_stop: Callable[[], list[str]] | None = None


def engine_plan(config: Config, place: EnginePlace) -> ChildPlan:
    """Docker's daemon, on machines where no init system starts it."""
    return ChildPlan(
        ENGINE,
        tuple(engine_command(place, tied=False)),
        stage=4,
        grace_s=30,
        is_ready=lambda: ready.engine_answers(place.socket),
        log=config.home / "log" / "dockerd.log",
        before_start=lambda: clear_remains(place.pid_file, place.exec_root),
    )


def redis_plan(config: Config) -> ChildPlan:
    """The embedded server: on a unix socket only, every write on disk before it is answered. Raises UpError."""
    program = find_program("redis-server")
    if program is None:
        raise UpError("redis-server is not installed and REDIS_URL is not set: apt-get install redis-server")
    if len(str(config.redis_socket)) > _LONGEST_SOCKET:
        raise UpError(
            f"The path {config.redis_socket} is too long for a socket; choose a shorter FUNCTORY_HOME."
        )
    options = {
        "port": "0", "unixsocket": str(config.redis_socket), "unixsocketperm": "770",
        "dir": str(config.home / "redis"), "appendonly": "yes", "appendfsync": "always", "save": "",
        "daemonize": "no", "loglevel": "warning", "maxmemory-policy": "noeviction",
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return ChildPlan(
        REDIS, (program, *words), stage=3, grace_s=30, separate=True,
        is_ready=lambda: ready.redis_answers(config.redis_socket),
        after_stop=lambda: remove_sockets(config.redis_socket),
    )  # fmt: skip


def functory_plans(config: Config) -> list[ChildPlan]:
    """Functory's own processes."""
    relay = ChildPlan(
        "relay", web_command(config, Role.RELAY), stage=0, grace_s=10, separate=True,
        environment=web_environment(Role.RELAY), is_ready=lambda: ready.http_answers_unix(config.web_socket),
        after_stop=lambda: remove_sockets(config.web_socket),
    )  # fmt: skip
    web = ChildPlan(
        "web", web_command(config, Role.CONSOLE), stage=0, grace_s=10, separate=True,
        environment=web_environment(Role.CONSOLE),
        is_ready=lambda: ready.http_answers(config.console, config.tls_cert),
    )  # fmt: skip
    gateway = ChildPlan(
        GATEWAY, _manage("gateway"), stage=1, grace_s=45,
        is_ready=lambda: ready.http_answers_unix(config.gateway_socket, "/_functory/health")
        and ready.port_answers(config.gateway),
        after_stop=lambda: [*sweep(config), *remove_sockets(config.gateway_socket)],
    )  # fmt: skip
    served = {
        f"worker-{number}": worker_queues(number, config.workers) for number in range(1, config.workers + 1)
    }
    if config.workers > 1:  # what takes minutes keeps nobody else waiting
        served["worker-images"] = "images"
    workers = [
        ChildPlan(name, (*_manage("worker"), "--queues", names), stage=0, grace_s=20)
        for name, names in served.items()
    ]
    recorder = ChildPlan(RECORDER, _manage("recorder"), stage=2, grace_s=15, separate=True)
    scheduler = ChildPlan("scheduler", _manage("scheduler"), stage=0, grace_s=10, separate=True)
    return [gateway, web, relay, *workers, recorder, scheduler]


def worker_queues(number: int, total: int) -> str:
    """What the worker of that number serves: a deploy must never wait behind a long delivery of events, nor
    events behind a long build."""
    if total == 1:
        return "deploys,events,housekeeping,images"
    return {1: "deploys,housekeeping", 2: "events,housekeeping"}.get(number, "deploys,events")


def child_environment(
    plan: ChildPlan, config: Config, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The supervisor's own, the home spelled out, and no buffering between a process and its log."""
    home = {"HOME": "/nonexistent"} if plan.separate and os.geteuid() == 0 else {}
    fixed = {"FUNCTORY_HOME": str(config.home), "PYTHONUNBUFFERED": "1"}
    return {**environ, **home, **fixed, **plan.environment}


def _manage(command: str) -> tuple[str, ...]:
    return (sys.executable, str(REPOSITORY / "manage.py"), command)
