"""The contract suite's results as the table in README.md: one row per promise, one column per runtime. Written only
when FUNCTORY_MATRIX=1, by a run of the whole suite; runtimes that it did not ask keep the column that they have."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from functions.runtimes import RUNTIMES
from tests.support.programs import IMAGES

README = Path(__file__).resolve().parent.parent.parent / "README.md"
BEGIN, END = "<!-- runtimes: written by make runtime-matrix -->", "<!-- end -->"
COLUMNS = (*RUNTIMES, *IMAGES)
MARKS = {"passed": "✓", "failed": "✗", "skipped": "–", "absent": "·"}
_WORST = ("failed", "absent", "passed", "skipped")
_NAME = re.compile(r"test_contract\.py::test_(\w+)\[(.+)\]")


class Matrix:
    """Collects what pytest reports; a pytest plugin."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The call of each test, or its setup if it came no further."""
        named = _NAME.search(report.nodeid)
        if named and (report.when == "call" or report.outcome != "passed"):
            runtime = next((each for each in COLUMNS if each in named[2].split("-")), "")
            self.note(named[1].replace("_", " "), runtime, _outcome(report))

    def note(self, promise: str, runtime: str, outcome: str) -> None:
        """The worst of several results counts; one that does not apply counts least."""
        row = self.found.setdefault(promise, {})
        row[runtime] = min(row.get(runtime, "skipped"), outcome, key=_WORST.index)

    def pytest_sessionfinish(self) -> None:
        """Put the table where the markers are."""
        if os.environ.get("FUNCTORY_MATRIX") == "1" and self.found:
            text = README.read_text()
            start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
            self.keep(text[start:end])
            README.write_text(f"{text[:start]}\n{self.table()}\n{text[end:]}")

    def keep(self, table: str) -> None:
        """Take over what an earlier table says of runtimes that this run did not ask."""
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
        asked = {name for row in self.found.values() for name in row}
        outcomes = {mark: outcome for outcome, mark in MARKS.items()}
        for promise, *marks in lines[2:]:
            for name, mark in zip(lines[0][1:], marks, strict=True):
                if promise in self.found and name not in asked:
                    self.found[promise][name] = outcomes[mark]

    def table(self) -> str:
        """Markdown."""
        columns = [name for name in COLUMNS if any(name in row for row in self.found.values())]
        lines = [["", *columns], ["---", *(":-:" for _ in columns)]]
        lines += [
            [promise, *(MARKS[row.get(name, "absent")] for name in columns)]
            for promise, row in self.found.items()
        ]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _outcome(report: pytest.TestReport) -> str:
    """A runtime whose image could not be had is absent; a promise that does not apply to it is skipped."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    return "absent" if report.skipped and "image" in reason.lower() else str(report.outcome)
