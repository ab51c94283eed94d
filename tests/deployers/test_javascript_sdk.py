"""The AWS SDK for JavaScript, version 3, against a running stack. What is asked and expected stands in javascript/,
for Node.js's own test runner; this makes its surroundings."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.deployers.programs import run
from tests.deployers.workshop import installed, node
from tests.support.product import zipped

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
SOURCES = Path(__file__).with_name("javascript")
FILES = sorted(path.name for path in SOURCES.glob("*.test.mjs"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """The tests beside the SDK, since modules are looked for from where a file lies."""
    folder = tmp_path_factory.mktemp("javascript")
    modules = installed("javascript") / "node_modules"
    for path in SOURCES.glob("*.mjs"):
        shutil.copy(path, folder)
    (folder / "node_modules").symlink_to(modules)
    for name in ("echo", "changed"):
        source = (SOURCES.parent / "guests" / f"{name}.mjs").read_text()
        (folder / f"{name}.zip").write_bytes(zipped({"index.mjs": source}))
    return folder


@pytest.mark.parametrize("name", FILES)
def test_what_a_program_in_javascript_does(product, workspace, name) -> None:
    program, _ = node()
    surroundings = {
        "ECHO_ZIP": str(workspace / "echo.zip"),
        "CHANGED_ZIP": str(workspace / "changed.zip"),
        "VIEWER_KEY": ":".join(product.keys["viewer"]),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }
    words = [program, "--no-warnings", "--test", "--test-reporter=spec", name]
    finished = run(product, words, folder=workspace, more=surroundings)
    assert finished.returncode == 0, f"{finished.stdout}\n{finished.stderr}"
    assert "fail 0" in finished.stdout, finished.stdout
