"""How fast the console's pages are with much in it: every page that answers GET, asked of a real `web` process
as a logged-in person. Prints one table and writes it as JSON; judges nothing.

    python -m tests.bench.console [--small] [--home DIRECTORY] [--only WORD] [--json FILE]

`--small` plants 100 functions and 10,000 calls. A home that is named is kept, and used again as it is.
With DATABASE_URL and TELEMETRY_DATABASE_URL the rows go there."""

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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
P50_MS, P95_MS = 50.0, 150.0
MOST_SQL = 400
LONGEST_CHUNKING_S = 900.0  # what housekeeping has long done on an installation that has grown


@dataclass
class Measured:
    """One page: times in milliseconds as its reader's machine sees them on loopback, `cpu_ms` what the server's
    processes computed for one, and its queries with the slowest."""

    page: str
    path: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    bytes: int
    queries: int
    worst_ms: float
    worst: str

    @property
    def is_slow(self) -> bool:
        """Whether it misses the bar."""
        return self.p50_ms > P50_MS or self.p95_ms > P95_MS


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
            found, others = _measure(project, options)
    found.sort(key=lambda one: -one.p50_ms)
    print_table(found)
    _say(f"\nno pages (405 or other answers): {', '.join(others)}")
    path = Path(options.json)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in found], indent=1))
    _say(f"written to {path}")


def print_table(found: list[Measured]) -> None:
    """Slowest first."""
    _say(f"{'page':44} {'p50 ms':>8} {'p95 ms':>8} {'cpu ms':>8} {'bytes':>9} {'SQL':>4}  worst query")
    for one in found:
        mark = "*" if one.is_slow else " "
        _say(
            f"{one.page[:43]:43}{mark} {one.p50_ms:8.1f} {one.p95_ms:8.1f} {one.cpu_ms:8.1f} {one.bytes:9} "
            f"{one.queries:4}  {one.worst_ms:.1f} ms {one.worst[:90]}"
        )
    slow = sum(one.is_slow for one in found)
    _say(f"{len(found)} pages, {slow} over {P50_MS:.0f} ms p50 or {P95_MS:.0f} ms p95 (*)")


def _measure(project: Any, options: argparse.Namespace) -> tuple[list[Measured], list[str]]:
    from functions.models import User
    from tests.bench.console_pages import addresses
    from tests.bench.console_server import Asking, asked_in_process, running_web, standing_in

    found, others = [], []
    user = User.objects.get(username="admin")
    with standing_in(project), running_web() as server:
        visitor = Asking(server, user)
        for one in addresses(project):
            if options.only and options.only not in one.label:
                continue
            status = visitor.first(one.path)
            if status != 200:
                others.append(f"{one.label} {status}")
                continue
            times, cpu_ms, size = visitor.ask(one.path, options.times)
            queries = asked_in_process(user, one.path)
            worst = max(queries, key=lambda query: query[0], default=(0.0, ""))
            times.sort()
            found.append(
                Measured(
                    one.label,
                    one.path,
                    round(times[len(times) // 2], 1),
                    round(times[min(len(times) - 1, int(len(times) * 0.95))], 1),
                    round(cpu_ms, 1),
                    size,
                    len(queries),
                    round(worst[0], 1),
                    worst[1][:MOST_SQL],
                )
            )
    return found, others


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
        _say(f"planting {options.functions:,} functions and {options.invocations:,} calls", sys.stderr)
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


def _say(text: str, to: Any = None) -> None:
    (to or sys.stdout).write(text + "\n")


if __name__ == "__main__":
    began = time.monotonic()
    main()
    _say(f"{time.monotonic() - began:.0f} s", sys.stderr)
