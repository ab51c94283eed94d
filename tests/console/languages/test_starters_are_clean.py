"""Starter code is what people learn from: the linters have nothing to say about any of it."""

from __future__ import annotations

import pytest

from console.languages import table
from functions.config import REPOSITORY

STARTERS = sorted((REPOSITORY / "runner" / "runtimes").glob("*/starters/*"))


@pytest.mark.parametrize("starter", STARTERS, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_the_linters_have_nothing_to_say(starter):
    files = {
        str(path.relative_to(starter)): path.read_text(errors="replace")
        for path in starter.rglob("*")
        if path.is_file()
    }
    assert table.lint(files, "python3.13") == []  # which matters to Python alone


def test_there_are_starters():
    assert len(STARTERS) >= 9
