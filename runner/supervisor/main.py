"""`manage.py up`, wired: checks, home, engine, images, databases, processes, and the way back."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from functions.config import REPOSITORY, Address, Config
from runner.host.engine import Engine, EnginePlace, answers, ensure_engine
from runner.host.errors import HostError
from runner.images.catalog import ensure_images
from runner.images.errors import ImageError
from runner.images.progress import Progress, progress_for
from runner.supervisor import preparation
from runner.supervisor.accounts import Account, as_account, check_readable, ensure_account
from runner.supervisor.errors import UpError
from runner.supervisor.exposure import check_exposure
from runner.supervisor.home import prepare_home
from runner.supervisor.lines import PrefixedOutput, wants_colour
from runner.supervisor.lock import HomeLock
from runner.supervisor.open_databases import OpenDatabases
from runner.supervisor.plan import (
    ENGINE,
    REDIS,
    ChildPlan,
    child_environment,
    engine_plan,
    functory_plans,
    redis_plan,
)
from runner.supervisor.ready import reachable
from runner.supervisor.supervisor import Supervisor, Surroundings
from runner.supervisor.sweep import sweep

READY_S = 180
SERVICE_READY_S = 90


def up(config: Config, *, has_systemd: bool) -> None:
    """Run everything until SIGINT or SIGTERM; raises UpError if it cannot start."""
    progress = progress_for()
    for warning in check_exposure(config):
        progress.note(f"Warning: {warning}")
    account = ensure_account(progress.note, REPOSITORY)
    if not account.is_separate:
        progress.note(
            f"Warning: web, recorder and scheduler run with the supervisor's rights: {account.reason}."
        )
    for path in (config.tls_cert, config.tls_key):
        check_readable(account, path)
    config.home.mkdir(parents=True, exist_ok=True)
    raise_file_limit()
    lock = HomeLock(config.home / "up.lock", progress.note)
    with ExitStack() as undo:
        undo.callback(lock.release)
        for address in (config.console, config.gateway):
            check_free(address)
        prepare_home(config, account)
        check_readable(account, config.run)
        engine_of_system = _engine_of_system(config, has_systemd=has_systemd)
        if engine_of_system is not None:
            undo.callback(engine_of_system.stop)
        databases = OpenDatabases(config)
        undo.callback(databases.close)
        supervisor = Supervisor(_surroundings(config, account, lock))
        undo.callback(supervisor.stop)
        with interruptible(supervisor):
            start_engine = not answers(config.docker_socket)
            _serve(supervisor, config, progress, databases, start_engine=start_engine)


def _serve(
    supervisor: Supervisor,
    config: Config,
    progress: Progress,
    databases: OpenDatabases,
    *,
    start_engine: bool,
) -> None:
    services = [engine_plan(config, EnginePlace(config.docker_socket))] if start_engine else []
    if start_engine:
        progress.note(f"Starting the Docker engine; its log is {config.home / 'log' / 'dockerd.log'}.")
    services += [] if config.redis_url else [redis_plan(config)]
    supervisor.add(services)
    _expect(supervisor, SERVICE_READY_S, config)
    with impatient():
        password = _prepare(config, progress)
        databases.open(progress.note)
    supervisor.add(functory_plans(config))
    late = supervisor.wait_ready(READY_S)
    if not supervisor.is_stopping:
        announce(config, progress, late, password)
        supervisor.run()


def _prepare(config: Config, progress: Progress) -> tuple[str, str] | None:
    try:
        ensure_images(
            progress, docker_socket=config.docker_socket, launcher_path=config.home / "bin" / "launcher"
        )
    except ImageError as error:
        raise UpError(str(error)) from error
    for note in sweep(config):
        progress.note(note)
    preparation.migrate(progress)
    preparation.tell_images(config)
    preparation.collect_static(config, progress)
    return preparation.first_administrator()


def announce(
    config: Config, progress: Progress, late: Sequence[str], password: tuple[str, str] | None
) -> None:
    """Where Functory is, and how to get in."""
    lines = [
        "",
        "Functory is ready." if not late else f"Functory runs, but not all of it yet: {', '.join(late)}.",
    ]
    lines += [
        f"  console  {config.console_public_url}",
        f"  gateway  {config.gateway_public_url}  (AWS_ENDPOINT_URL)",
    ]
    if password is not None:
        name, word = password
        lines += ["", f"  Log in as {name} with the one-time password {word}", "  It is shown only now."]
    progress.note("\n".join([*lines, "", "Ctrl-C stops it.", ""]))


def raise_file_limit() -> None:
    """Every sandbox takes some ten descriptors of the gateway; the children inherit the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def check_free(address: Address) -> None:
    """Raises UpError if another program has the address."""
    host, port = reachable(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, port))
        except OSError as error:
            raise UpError(
                f"{address} cannot be listened on: {error.strerror}. Choose another address with FUNCTORY_CONSOLE "
                "(pages) or FUNCTORY_GATEWAY (functions)."
            ) from error


def _engine_of_system(config: Config, *, has_systemd: bool) -> Engine | None:
    """The engine where an init system keeps it, or None where it is one of our processes. Raises UpError."""
    place = EnginePlace(config.docker_socket)
    if not answers(place.socket) and not has_systemd and place.is_standard and os.geteuid() == 0:
        return None
    try:
        return ensure_engine(place, config.home / "log" / "dockerd.log", has_systemd=has_systemd)
    except HostError as error:
        raise UpError(str(error)) from error


def _expect(supervisor: Supervisor, limit_s: float, config: Config) -> None:
    late = supervisor.wait_ready(limit_s)
    if late and not supervisor.is_stopping:
        where = {ENGINE: str(config.home / "log" / "dockerd.log"), REDIS: "above"}
        raise UpError("; ".join(f"{name} does not start: see its log, {where[name]}" for name in late))


def _surroundings(config: Config, account: Account, lock: HomeLock) -> Surroundings:
    names = [
        "gateway",
        "web",
        "relay",
        *(f"worker-{n}" for n in range(1, config.workers + 1)),
        "recorder",
        "scheduler",
    ]
    output = PrefixedOutput(sys.stdout, [*names, REDIS], colour=wants_colour(sys.stdout))
    plain, separate = as_account(Account()), as_account(account)

    def prefix(plan: ChildPlan) -> list[str]:
        return separate if plan.separate else plain

    def environment(plan: ChildPlan) -> dict[str, str]:
        return child_environment(plan, config)

    return Surroundings(REPOSITORY, lock.descriptor, prefix, environment, output.write)


@contextmanager
def interruptible(supervisor: Supervisor) -> Iterator[None]:
    """The signals that stop Functory ask the supervisor; also from a terminal that was closed."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        signal.signal(number, lambda *_: supervisor.ask_to_stop())
    with suppress(KeyboardInterrupt):
        yield


@contextmanager
def impatient() -> Iterator[None]:
    """During long steps outside of the supervisor's loop the same signals interrupt at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
