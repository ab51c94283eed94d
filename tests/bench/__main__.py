"""`make bench`: the floor and Functory side by side in one run, one table, and JSON for `make bench-compare`."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
import time
from pathlib import Path

from tests.bench import table
from tests.bench.figures import Result
from tests.bench.floor import floor
from tests.bench.functory import MEMORY_MB, SANDBOXES, SMALL_MB, functory
from tests.bench.load import Job, generator
from tests.bench.null import null_server
from tests.bench.rig import rig
from tests.bench.run import Bench, say
from tests.bench.signed import events, plain

CASES = ("warm", "stock", "logs", "recording", "payload", "cold", "burst", "events", "deploy", "idle")
FULL = (*CASES, "growth", "soak")
# References beside the floor: what is installed. None is known to this file yet that a user would have by chance.
RESULTS = Path("bench-results")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="growth of state and a soak of ten minutes as well"
    )
    parser.add_argument("--cases", nargs="*", default=[], help=f"of {', '.join(FULL)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.8, help="of one measurement of calls a second")
    parser.add_argument("--json", type=Path, help="where the result goes")
    return parser.parse_args()


def ceiling(bench: Bench) -> list[str]:
    """What the generator can do, and what it took while it measured."""
    with null_server() as port:
        most = max(
            bench.generator.run(Job(port, plain("/", events()), connections)).calls_per_s
            for connections in (16, 64)
        )
    fastest = max(
        (max(values) for row in bench.rows if row.unit == "calls/s" for values in row.values.values()),
        default=0,
    )
    share = max(bench.shares, default=0)
    return [
        f"Load generator: {most:,.0f} calls/s against a server that only answers; the fastest system was given "
        f"{fastest:,.0f}, and the generator took at most {share:.0%} of one processor: it was not the bottleneck."
        if fastest < 0.7 * most and share < 0.7
        else f"Load generator: {most:,.0f} calls/s at most, {share:.0%} of one processor: IT MAY BE THE BOTTLENECK."
    ]


def busy(result: Result) -> list[str]:
    """Whether others wanted the processors, so that only ratios mean something."""
    if float(result.rig["load before"]) < 0.5 * len(os.sched_getaffinity(0)):
        return []
    return ["This machine was busy with other work before the run: ratios count, absolute figures do not."]


def recorded(bench: Bench) -> list[str]:
    """Whether every call that was answered has its record."""
    missing = bench.functory.missing()
    calls = sum(bench.functory.sent.values())
    lost = sum(missing.values())
    return [
        f"Records: {calls:,} calls were answered, {lost:,} of them have no record. {missing if lost else ''}".strip()
    ]


def measured(options: argparse.Namespace) -> Result:
    """All cases, in order; one that fails is told and the others go on."""
    cases = options.cases or (FULL if options.full else CASES)
    result = Result(rig())
    with contextlib.ExitStack() as stack:
        say("starting Functory and the floor")
        ours = stack.enter_context(functory())
        ours.create_usual()
        floors = {
            memory: stack.enter_context(floor(memory, n))
            for memory, n in ((MEMORY_MB, SANDBOXES), (SMALL_MB, 1))
        }
        generators = [stack.enter_context(generator()) for _ in range(2)]
        bench = Bench(ours, floors, *generators, rounds=options.rounds, seconds=options.seconds)
        for name in cases:
            began = time.monotonic()
            say(f"{name} …")
            try:
                importlib.import_module(f"tests.bench.cases.{name}").run(bench)
            except Exception as error:
                bench.notes.append(f"The case {name} failed: {type(error).__name__}: {error}")
                say(bench.notes[-1])
            say(f"{name}: {time.monotonic() - began:.0f} s")
        result.rig["load after"] = f"{os.getloadavg()[0]:.2f}"
        result.rows = bench.rows
        result.notes = [*busy(result), *ceiling(bench), *recorded(bench), *bench.notes]
    return result


def main() -> int:
    """Measures and tells; what is missed is no failure."""
    options = parsed()
    result = measured(options)
    path = options.json or RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    result.write(path)
    sys.stdout.write(table.text(result) + f"Written to {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
