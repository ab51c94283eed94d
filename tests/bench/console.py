"""How fast the console is with much in it: every page that answers GET, asked of a real `web` process as a logged-in
person, and calls of the control-plane API, asked as the gateway passes them on. Prints a table of each and writes
both as JSON; judges nothing. What the servers compute for an answer stands beside the clock, so that figures of a
machine that does other work as well mean something.

    python -m tests.bench.console [--small] [--home DIRECTORY] [--only WORD] [--json FILE]

`--small` plants 100 functions and 10,000 calls. A home that is named is kept, and used again as it is.
With DATABASE_URL and TELEMETRY_DATABASE_URL the rows go there; with a PostgreSQL of its own:
`python -m tests.support.postgres_server tests.bench.console`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.console_table import CALLS, PAGES, Measured, measured, pace_ms, print_table, say

os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
LONGEST_CHUNKING_S = 900.0  # what housekeeping has long done on an installation that has grown


def main() -> None:
    """Plant, measure, print."""
    options = _options()
    with _home(options.home) as home:
        os.environ["FUNCTORY_HOME"] = str(home)
        os.environ["FUNCTORY_CONSOLE"] = f"127.0.0.1:{_free_port()}"
        with _redis():
            import django

            django.setup()
            project = _planted(options)
            say(_where())
            pages, others = _pages(project, options)
            print_table("page", pages, PAGES)
            calls = _calls(project, options)
            print_table("call of the API", calls, CALLS)
    say(f"no pages (405 or other answers): {', '.join(others)}")
    path = Path(options.json)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in [*pages, *calls]], indent=1))
    say(f"written to {path}")


def _pages(project: Any, options: argparse.Namespace) -> tuple[list[Measured], list[str]]:
    from functions.models import User
    from runner.supervisor.web import Role
    from tests.bench.console_asking import Asking, Question, queries_of, session_headers
    from tests.bench.console_pages import addresses
    from tests.bench.console_server import connection_to, running_web, standing_in

    found, others = [], []
    user = User.objects.get(username="admin")
    headers = session_headers(user)
    with standing_in(project), running_web() as server:
        visitor = Asking(server, lambda: connection_to(Role.CONSOLE))
        for one in addresses(project):
            if options.only not in one.label:
                continue
            question = Question(one.path, headers=headers)
            status = visitor.status(question)
            if status != 200:
                others.append(f"{one.label} {status}")
                continue
            samples = visitor.samples([question] * options.times)
            found.append(measured(one.label, one.path, samples, queries_of(user, one.path)))
    return found, others


def _calls(project: Any, options: argparse.Namespace) -> list[Measured]:
    from runner.supervisor.web import Role
    from tests.bench.console_asking import Asking
    from tests.bench.console_calls import calls
    from tests.bench.console_server import connection_to, running_web

    found = []
    with running_web(Role.RELAY) as server:
        program = Asking(server, lambda: connection_to(Role.RELAY))
        for one in calls(project, options.times):
            if options.only not in one.label:
                continue
            program.samples(one.questions[:1])
            samples = program.samples(one.questions[1:])
            found.append(measured(one.label, one.questions[-1].path, samples))
    return found


def _where() -> str:
    """What the figures hold for."""
    from django.db import connections

    from functions.models import Function, Invocation

    rows = f"{Function.objects.count():,} functions, {Invocation.objects.count():,} calls"
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    vendors = {connections[name].vendor for name in ("default", "telemetry")}
    pace = f"pace {pace_ms():.1f} ms"
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {' and '.join(vendors)}, {rows}, load {load}, {pace}\n"


def _planted(options: argparse.Namespace) -> Any:
    from django.core.management import call_command
    from django.utils import timezone

    from functions.models import Function, User
    from functions.services import people
    from functions.services.log_chunks import make_chunks
    from tests.bench.console_rows import Planter

    for database in ("default", "telemetry"):
        call_command("migrate", database=database, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    people.ensure_first_administrator()
    User.objects.update(must_change_password=False)
    project, user = people.default_project(), User.objects.get(username="admin")
    people.close_tour(user=user)
    if not Function.objects.exists():
        say(f"planting {options.functions:,} functions and {options.invocations:,} calls", sys.stderr)
        Planter(project, user, options.functions, options.invocations).plant()
        make_chunks(now=timezone.now(), limit_s=LONGEST_CHUNKING_S)
    return project


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--functions", type=int, default=0)
    parser.add_argument("--invocations", type=int, default=0)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--home", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--json", default="test-results/bench-console.json")
    options = parser.parse_args()
    options.functions = options.functions or (100 if options.small else 10_000)
    options.invocations = options.invocations or (10_000 if options.small else 1_000_000)
    return options


@contextlib.contextmanager
def _home(named: str) -> Iterator[Path]:
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
        yield Path(named).resolve()
        return
    made = Path(tempfile.mkdtemp(prefix="functory-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def _redis() -> Iterator[None]:
    from tests.support.redis_server import RedisServer

    server = RedisServer()
    server.start()
    os.environ["REDIS_URL"] = server.url
    try:
        yield
    finally:
        server.remove()


def _free_port() -> int:
    from tests.support.stack import free_port

    return free_port()


if __name__ == "__main__":
    began = time.monotonic()
    main()
    say(f"{time.monotonic() - began:.0f} s", sys.stderr)
