"""Runs the test suite in its phases: what needs nothing in parallel, then what shares the machine one by one.
Every phase runs, whatever the earlier ones said; the last line counts what all of them did."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
NO_TESTS = 5
LIMIT_S = 50 * 60
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
_LAST_LINE = re.compile(r"^=+ .*(passed|failed|error|no tests ran|deselected).* in .*=+$")
_SHARED = "docker or browser or slow or postgres"


@dataclass(frozen=True)
class Phase:
    """One run of pytest; `command` is a module that runs it in surroundings of its own."""

    title: str
    words: tuple[str, ...]
    needs_images: bool = False
    command: tuple[str, ...] = ()


FAST = Phase("without engine and browser", ("-n", "2", "-m", f"not ({_SHARED})"))
# Attacks, trouble, faults and the contract with AWS's SDKs are suites of their own: `make test` is for everybody's
# every change, and ends in minutes.
LATER = ("tests/contract_api", "tests/faults", "tests/hostile", "tests/trouble")
ENGINE = Phase(
    "with the engine",
    (
        *("-n", "2", "--dist", "loadfile"),
        *(f"--ignore={path}" for path in LATER),
        *("-m", "(docker or slow or postgres) and not browser and not on_demand"),
    ),
    needs_images=True,
)
# In processes of their own: the browser's driver leaves an event loop running in the main thread. Two, each with an
# installation and a browser: a good part of the time is spent waiting for schedules and first starts.
STARTERS = "tests/browser/test_starters.py"
BROWSER = Phase(
    "in a browser",
    ("-n", "2", f"--ignore={STARTERS}", "-m", "browser and not on_demand"),
    needs_images=True,
)
POSTGRES = Phase(
    "on PostgreSQL", ("-n", "2", "-m", f"not ({_SHARED})"), command=("tests.support.postgres_server",)
)
SUITES: dict[str, tuple[Phase, ...]] = {
    "fast": (FAST,),
    "all": (FAST, ENGINE, BROWSER),
    "docker": (Phase("engine", ("-m", "docker and not on_demand"), needs_images=True),),
    "browser": (BROWSER,),
    "api": (
        Phase("SDKs and the aws command", ("-n", "2", "--dist", "loadfile", "tests/contract_api"), True),
    ),
    "starters": (Phase("every starter", ("-n", "2", STARTERS), needs_images=True),),
    "hostile": (Phase("hostile", ("tests/hostile",), needs_images=True),),
    "trouble": (Phase("trouble", ("tests/trouble",), needs_images=True),),
    "faults": (Phase("faults", ("tests/faults",), needs_images=True),),
    "fuzz": (Phase("made-up requests", ("tests/console/api/test_fuzz.py", "-s")),),
    "runtimes": (
        Phase("runtimes", ("tests/runner/runtimes",), needs_images=True),
        Phase("runtimes in a browser", ("tests/browser/test_runtimes.py",)),
    ),
    "contract": (Phase("the contract of every runtime", ("tests/runner/runtimes/test_contract.py",), True),),
    "postgres": (POSTGRES,),
}


def main(words: Sequence[str]) -> int:
    """`suite NAME [PATH...]`: 0 if every phase passed."""
    name, *paths = words or ["all"]
    if name not in SUITES:
        say(f"suites: {', '.join(SUITES)}")
        return 2
    codes, counts = [], dict.fromkeys(("passed", "failed", "skipped"), 0)
    for phase in SUITES[name]:
        code, found = run(phase, paths)
        codes.append(code)
        for kind, number in found.items():
            counts[kind] += number
    say(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return verdict(codes, counts["passed"])


def verdict(codes: Sequence[int], passed: int) -> int:
    """The first failure. A phase without tests is none (paths may have been named), a run without tests is."""
    failures = [code for code in codes if code not in {0, NO_TESTS}]
    if failures:
        return failures[0] if failures[0] > 0 else 1
    return 0 if passed else NO_TESTS


def run(phase: Phase, paths: Sequence[str]) -> tuple[int, dict[str, int]]:
    """One phase, its output shown as it comes; returns its exit status and what it counted."""
    say(f"\n── {phase.title} ──")
    if phase.needs_images and (code := make_images()) != 0:
        return code, {"failed": 1}
    began = time.monotonic()
    command = [sys.executable, *_module(phase), "--color=yes" if sys.stdout.isatty() else "--color=no"]
    command += ["-o", "faulthandler_timeout=600", *phase.words, *paths]
    child = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    )
    with limited(child):
        counted = _show(child)
        code = child.wait()
    say(f"── {phase.title}: exit status {code} after {time.monotonic() - began:.0f} s ──")
    return code, counted


def make_images() -> int:
    """The images that a container test finds; made in the installation's own home, as a person has them."""
    made = subprocess.run(
        [sys.executable, "manage.py", "images"], cwd=REPOSITORY, stdin=subprocess.DEVNULL, check=False
    )
    return made.returncode


def count(line: str) -> dict[str, int] | None:
    """The numbers in pytest's closing line; None for any other line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
    if not _LAST_LINE.match(plain):
        return None
    found: dict[str, int] = {}
    for number, kind in _COUNT.findall(plain):
        name = "failed" if kind.startswith("error") else kind
        found[name] = found.get(name, 0) + int(number)
    return found


def _module(phase: Phase) -> tuple[str, ...]:
    if phase.command:
        return ("-m", *phase.command, "pytest")
    return ("-m", "pytest")


def _show(child: subprocess.Popen[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    assert child.stdout is not None
    for line in child.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        counted = count(line) or counted
    return counted


@contextlib.contextmanager
def limited(child: subprocess.Popen[str]) -> Iterator[None]:
    """A phase that hangs is interrupted, so that it still says where, and then killed. Whoever ends this
    process ends the phase."""

    def ring(*_: object) -> None:
        say(f"── stopped: not done after {LIMIT_S // 60} minutes ──")
        child.send_signal(signal.SIGINT)
        signal.signal(signal.SIGALRM, lambda *_: child.kill())
        signal.alarm(60)

    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        if child.poll() is None:
            child.kill()


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
