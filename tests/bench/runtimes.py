"""`make bench-runtimes`: what a cold start costs with a prewarmed sandbox, beside `docker run` of the same image with
the same handler; what a warm call costs, beside Python's; and what a sandbox that waits keeps of memory. One table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from functions.config import Config
from functions.ids import new_id
from functions.runtimes import RUNTIMES, Build, runtime, start_environment
from functions.states import EndReason, Outcome
from runner.images.catalog import ensure_images, image_reference
from runner.images.errors import ImageError
from runner.images.progress import LineProgress
from runner.sandbox.docker_driver import DockerDriver
from runner.sandbox.factory import SandboxFactory
from runner.sandbox.sandbox import Sandbox
from runner.sandbox.spec import Binding, Call, CodeMount, Ended, Limits, PoolKey
from tests.bench.once import Code, run_once
from tests.bench.rig import rig
from tests.bench.run import say
from tests.bench.table import shown, table
from tests.support.functions_in_sandboxes import ARN, ENVIRONMENT, build_tree
from tests.support.programs import files_of, program_of
from tests.support.sandboxes import launcher_in, sandbox_config

LIMITS = Limits(memory_mb=512)
WARMING, PATIENCE_S = 4000, 3.0
EVENT = b'{"do": "count"}'
COLD_BAR, WARM_BAR = 1 / 3, 2.0
RESIDENT_BARS_MB = {"python": 20, "nodejs": 60, "java": 80}
REFERENCE = "python3.13"
HEAD = (
    "runtime",
    "cold, prewarmed",
    "`docker run`",
    "ratio",
    "at most",
    "warm p50",
    "of Python's",
    "at most",
    "waiting, resident",
    "less than",
    "",
)


@dataclass
class Figures:
    """Of one runtime: seconds, and MB of all its processes."""

    cold: list[float] = field(default_factory=list)
    once: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)

    @property
    def cold_ratio(self) -> float:
        """Of rounds in pairs: neighbours in time share what else the machine does."""
        return median(a / b for a, b in zip(self.cold, self.once, strict=True))


def code_of(config: Config, identifier: str, root: Path) -> Code:
    """The contract suite's program of a runtime, built as a deployment builds it."""
    row, task = runtime(identifier), root / identifier
    for name, text in files_of(identifier).items():
        path = task / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    built = build_tree(config, identifier, task) if row.build is Build.FOLDER else None
    environment = {**ENVIRONMENT, **dict(start_environment(row, {}, LIMITS.memory_mb))}
    return Code(
        row,
        image_reference(identifier),
        task,
        built,
        program_of(identifier).handler,
        environment,
        EVENT,
        LIMITS,
    )


async def prewarmed(factory: SandboxFactory, code: Code, figures: Figures, calls: int) -> None:
    """A sandbox waits, is bound and called: its first answer, then the warm ones."""
    start = start_environment(code.row, {}, LIMITS.memory_mb)
    sandbox = await factory.make(PoolKey(code.row.identifier, "none", start))
    try:
        figures.resident_mb.append(resident_mb(sandbox._container.pid))
        mounts = (
            CodeMount(code.task, "/var/task"),
            *([CodeMount(code.built, "/var/dependencies")] if code.built else []),
        )
        began = time.perf_counter()
        bound = await sandbox.bind(Binding(mounts, LIMITS, code.handler, code.environment, 30.0))
        assert bound.outcome is Outcome.SUCCESS, bound
        await called(sandbox)
        figures.cold.append(time.perf_counter() - began)
        await several(sandbox, WARMING)  # until compilers are done
        figures.warm += await several(sandbox, calls)
    finally:
        await sandbox.end(EndReason.SHUTDOWN)


async def several(sandbox: Sandbox, calls: int) -> list[float]:
    """Seconds of each call, one after another; fewer where they take long."""
    took: list[float] = []
    until = time.perf_counter() + PATIENCE_S
    while len(took) < calls and (began := time.perf_counter()) < until:
        await called(sandbox)
        took.append(time.perf_counter() - began)
    return took


async def called(sandbox: Sandbox) -> None:
    """One call."""
    ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
    order = Call(str(new_id()), EVENT, ARN, 20.0, int((time.time() + 20) * 1000))
    sandbox.invoke(order, ended.set_result)
    assert (await ended).outcome is Outcome.SUCCESS, ended.result()


def resident_mb(pid: int) -> float:
    """Resident memory of a process and all below it, files that are mapped in included."""
    return sum(_resident_kb(each) for each in _family(pid)) / 1024


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


def measured(config: Config, identifiers: list[str], rounds: int, calls: int) -> dict[str, Figures]:
    """Every runtime in every round, so that a busy minute is nobody's alone."""
    found = {identifier: Figures() for identifier in identifiers}
    with tempfile.TemporaryDirectory(prefix="fy-") as folder, asyncio.Runner() as runner:
        root = Path(folder)
        root.chmod(0o755)
        codes = {identifier: code_of(config, identifier, root) for identifier in identifiers}
        driver = DockerDriver(config, image_reference, lambda identifier: runtime(identifier).command)
        for number in range(rounds):
            for identifier, figures in found.items():
                say(f"round {number + 1} of {rounds}: {identifier}")
                runner.run(prewarmed(SandboxFactory(driver), codes[identifier], figures, calls))
                figures.once.append(run_once(codes[identifier]))
        runner.run(driver.close())
    return found


def line(identifier: str, figures: Figures, reference: float) -> tuple[str, ...]:
    """One row of the table."""
    row = RUNTIMES[identifier]
    cold, warm, resident = figures.cold_ratio, median(figures.warm) / reference, median(figures.resident_mb)
    bars = {  # programs with a client of their own are as quick as that is
        "cold": COLD_BAR if row.lean else None,
        "warm": WARM_BAR if row.lean else None,
        "resident": RESIDENT_BARS_MB.get(row.folder),
    }
    misses = [
        name
        for name, value in (("cold", cold), ("warm", warm), ("resident", resident))
        if (bar := bars[name]) is not None and value > bar
    ]
    return (
        identifier,
        shown(median(figures.cold) * 1000, "ms"),
        shown(median(figures.once) * 1000, "ms"),
        f"{cold:.2f}",
        f"{COLD_BAR:.2f}" if bars["cold"] else "",
        shown(median(figures.warm) * 1e6, "µs"),
        f"{warm:.2f}",
        f"{WARM_BAR:g}" if bars["warm"] else "",
        shown(resident, "MB"),
        f"{bars['resident']} MB" if bars["resident"] else "",
        f"**missed: {', '.join(misses)}**" if misses else "met",
    )


def with_images(config: Config, wanted: list[str]) -> list[str]:
    """Those of which there is an image; the others are named, with the reason."""
    found = []
    for identifier in wanted:
        try:
            ensure_images(
                LineProgress(),
                docker_socket=config.docker_socket,
                launcher_path=config.home / "bin" / "launcher",
                runtimes=[RUNTIMES[identifier].image],
            )
            found.append(identifier)
        except ImageError as error:
            say(f"{identifier} is left out: {str(error).splitlines()[0]}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="tests.bench.runtimes", description=__doc__)
    parser.add_argument("--runtimes", nargs="*", default=list(RUNTIMES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=500, help="warm ones in each round, after 4,000 others")
    options = parser.parse_args()
    wanted = list(dict.fromkeys([REFERENCE, *options.runtimes]))
    with sandbox_config() as config:
        identifiers = with_images(config, wanted)
        launcher_in(config)
        found = measured(config, identifiers, options.rounds, options.calls)
    reference = median(found[REFERENCE].warm)
    where = "\n".join(f"{name}: {value}" for name, value in rig().items())
    lines = [line(identifier, figures, reference) for identifier, figures in found.items()]
    sys.stdout.write(f"{where}\n\n{table(HEAD, lines)}\n")


if __name__ == "__main__":
    main()
