"""Looks at this installation: engine, images, Redis, databases, addresses, the account. Changes nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import docker
import redis
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from functions.config import REPOSITORY, Config
from runner.doctor.finding import Finding, bad, good, weak
from runner.host.engine import answers
from runner.images.catalog import eager_runtimes, missing_images
from runner.images.engine import ImageEngine
from runner.sandbox.engine.check import check_engine
from runner.supervisor.accounts import NAME, existing_account
from runner.supervisor.errors import UpError
from runner.supervisor.exposure import check_exposure
from runner.supervisor.main import check_free

_START = "`make up` starts it"


def look_at_engine(config: Config) -> Iterator[Finding]:
    """Local, rootful, Linux; any other is refused with the reason."""
    path = config.docker_socket
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        yield bad(
            "Docker engine",
            f"this user may not use {path}",
            "Start Functory as root, or join the group docker.",
        )
    elif not answers(path):
        yield bad("Docker engine", f"nobody answers at {path}", f"{_START}, or: systemctl start docker")
    else:
        client = docker.DockerClient(f"unix://{path}")
        report = check_engine(client)
        client.close()
        if report.usable:
            fact = f"{report.version}, control groups {report.cgroup_version} by {report.cgroup_driver}"
            yield good("Docker engine", fact)
            yield from _look_at_runtime(config, report.runtimes)
        else:
            yield bad(
                "Docker engine", report.reason, "FUNCTORY_DOCKER_SOCKET names the socket of another engine."
            )


def _look_at_runtime(config: Config, runtimes: tuple[str, ...]) -> Iterator[Finding]:
    if config.oci_runtime and config.oci_runtime not in runtimes:
        remedy = f"The engine knows {', '.join(runtimes)}: add it to /etc/docker/daemon.json."
        yield bad("OCI runtime", f"{config.oci_runtime} (FUNCTORY_OCI_RUNTIME) is not known", remedy)


def look_at_images(config: Config) -> Iterator[Finding]:
    """Whether a function could start now."""
    if not answers(config.docker_socket):
        return
    with ImageEngine(config.docker_socket) as engine:
        absent = missing_images(engine, eager_runtimes())
    if absent:
        yield weak(
            "Images",
            f"{len(absent)} to be made: {', '.join(absent)}",
            "`make images`, or `make up` makes them",
        )
    else:
        yield good("Images", "all are there")


def look_at_redis(config: Config) -> Iterator[Finding]:
    """The embedded one only while Functory runs; another one always, and it must not forget."""
    if not config.redis_url and not config.redis_socket.exists():
        yield good("Redis", "embedded; runs while Functory does")
        return
    with redis.Redis.from_url(config.redis_address, socket_timeout=5, socket_connect_timeout=5) as link:
        try:
            link.ping()
        except redis.RedisError as error:
            remedy = "Start it, or correct REDIS_URL." if config.redis_url else f"{_START} anew."
            yield bad("Redis", f"does not answer: {error}", remedy)
            return
        yield _how_it_remembers(link)


def _how_it_remembers(link: redis.Redis) -> Finding:
    try:
        settings = {**link.config_get("appendonly"), **link.config_get("appendfsync")}
    except redis.RedisError:
        return weak(
            "Redis",
            "answers, and does not tell its settings",
            "See that appendonly and appendfsync always hold.",
        )
    if settings.get("appendonly") == "yes" and settings.get("appendfsync") == "always":
        return good("Redis", "answers; every write is on disk first")
    remedy = "Set appendonly yes and appendfsync always: accepted events could be lost in a power cut."
    return weak("Redis", "answers; writes are not on disk when they are acknowledged", remedy)


def look_at_databases() -> Iterator[Finding]:
    """Both answer and have the newest schema."""
    for name in ("default", "telemetry"):
        connection = connections[name]
        subject = f"Database ({'control' if name == 'default' else name})"
        if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
            yield good(subject, "SQLite; made at the first start")
            continue
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        kind = (
            f"{connection.vendor} at {connection.settings_dict['HOST'] or connection.settings_dict['NAME']}"
        )
        if pending:
            yield weak(subject, f"{kind}: {len(pending)} migrations to be applied", "`make up` applies them")
        else:
            yield good(subject, kind)


def look_at_addresses(config: Config) -> Iterator[Finding]:
    """Free or Functory's own, and not open to others unencrypted."""
    try:
        for warning in check_exposure(config):
            yield weak("Exposure", warning, "Give a certificate: FUNCTORY_TLS_CERT and FUNCTORY_TLS_KEY.")
    except UpError as error:
        yield bad("Exposure", str(error), "FUNCTORY_CONSOLE and FUNCTORY_GATEWAY are 127.0.0.1 unless set.")
    if is_running(config):
        yield good("Addresses", f"Functory runs: console {config.console}, gateway {config.gateway}")
        return
    for subject, address in {
        "Address (console)": config.console,
        "Address (gateway)": config.gateway,
    }.items():
        try:
            check_free(address)
        except UpError as error:
            yield bad(subject, str(error), f"`ss -ltnp 'sport = :{address.port}'` shows who has it.")
        else:
            yield good(subject, f"{address} is free")


def look_at_account() -> Iterator[Finding]:
    """Whether web runs without root's rights."""
    account = existing_account(REPOSITORY)
    if account.is_separate:
        yield good("Account", f"web, recorder and scheduler run as {NAME}")
    else:
        yield weak(
            "Account",
            f"web, recorder and scheduler run with the supervisor's rights: {account.reason}",
            "See above.",
        )


def is_running(config: Config) -> bool:
    """Whether somebody holds the home's lock."""
    path = config.home / "up.lock"
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
