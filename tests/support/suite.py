"""The suites by name: which phases each has, and which of them go beside one another. The last line counts what all
of them did."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.support.phases import Phase, run_lanes, say

_SHARED = "docker or browser or slow or postgres"
# Every page as every role, by axe in both themes, and for layout shift.
CRAWL = "tests/console/test_crawl.py"
PAGES = ("tests/browser/test_pages.py", "tests/browser/test_layout_shift.py")
EDITOR_BY_AXE = "tests/browser/test_editor_tools.py::test_every_part_is_clean_for_axe"
STARTERS = "tests/browser/test_starters.py"
# An installation backed up and restored: with the faults, being of what survives.
BACKUP = "tests/runner/backup/test_backup.py"
# From the models, of every service that is spoken; `-s` shows what was answered.
FUZZ = tuple(f"tests/console/api/test_fuzz{of}.py" for of in ("", "_neighbours", "_storage"))
# Attacks, trouble, faults, deployers and the contract with AWS's SDKs are suites of their own: `make test` is for
# everybody's every change, and ends in minutes.
LATER = ("tests/contract_api", "tests/deployers", "tests/faults", "tests/hostile", "tests/trouble", BACKUP)


def without(*paths: str) -> tuple[str, ...]:
    """pytest's words for leaving these out."""
    return tuple(f"--ignore={path}" for path in paths)


UNITS = ("-n", "2", "-m", f"not ({_SHARED})")
FAST = Phase("without engine and browser", (*without(CRAWL, *FUZZ), *UNITS))
ENGINE = Phase(
    "with the engine",
    (
        *("-n", "2", "--dist", "loadfile"),
        *without(*LATER),
        *("-m", "(docker or slow or postgres) and not browser and not on_demand"),
    ),
    needs_images=True,
    folders=("tests/contract", "tests/runner"),
)
# In processes of their own: the browser's driver leaves an event loop running in the main thread. Two, each with an
# installation and a browser: a good part of the time is spent waiting for schedules and first starts.
BROWSER = Phase(
    "in a browser",
    (
        *("-n", "2", "--maxschedchunk", "1"),
        *without(STARTERS, *PAGES),
        f"--deselect={EDITOR_BY_AXE}",
        *("-m", "browser and not on_demand"),
    ),
    needs_images=True,
    folders=("tests/browser",),
)
Lanes = tuple[tuple[Phase, ...], ...]
SUITES: dict[str, Lanes] = {
    "fast": ((FAST,),),
    # The engine's tests wait for containers and the browser's for pages while the others compute.
    "all": ((FAST,), (ENGINE, BROWSER)),
    "docker": ((Phase("engine", ("-m", "docker and not on_demand"), needs_images=True),),),
    "browser": ((BROWSER,),),
    "pages": (
        (
            Phase("every page as everyone", ("-n", "2", CRAWL)),
            Phase(
                "every page by axe and for its layout", ("-n", "2", *PAGES, EDITOR_BY_AXE), needs_images=True
            ),
        ),
    ),
    "api": (
        (
            Phase("SDKs and the aws command", ("-n", "2", "--dist", "loadfile", "tests/contract_api"), True),
            Phase("made-up requests", ("-n", "2", *FUZZ)),
        ),
    ),
    "deployers": (
        (Phase("deployers and guests", ("-n", "2", "--dist", "loadfile", "tests/deployers"), True),),
    ),
    "starters": ((Phase("every starter", ("-n", "2", STARTERS), needs_images=True),),),
    "hostile": ((Phase("hostile", ("tests/hostile",), needs_images=True),),),
    "trouble": ((Phase("trouble", ("tests/trouble",), needs_images=True),),),
    "faults": ((Phase("faults", ("tests/faults", BACKUP), needs_images=True),),),
    "fuzz": ((Phase("made-up requests", (*FUZZ, "-s")),),),
    "runtimes": (
        (
            Phase("runtimes", ("tests/runner/runtimes",), needs_images=True),
            Phase("runtimes in a browser", ("tests/browser/test_runtimes.py",)),
        ),
    ),
    "contract": (
        (Phase("the contract of every runtime", ("tests/runner/runtimes/test_contract.py",), True),),
    ),
    "postgres": ((Phase("on PostgreSQL", UNITS, command=("tests.support.postgres_server",)),),),
}


def main(words: Sequence[str]) -> int:
    """`suite NAME [PATH...]`: 0 if every phase passed."""
    name, *paths = words or ["all"]
    if name not in SUITES:
        say(f"suites: {', '.join(SUITES)}")
        return 2
    run = run_lanes(SUITES[name], paths)
    say("{passed} passed, {failed} failed, {skipped} skipped".format(**run.counts))
    return run.verdict()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
