"""Runs a deployer as a person does: in a folder, with what one exports to reach an installation, and nothing else of
this machine's configuration."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.contract_api.commands import environment

LIMIT_S = 180


def run(
    product: Any,
    words: Sequence[str | Path],
    *,
    folder: Path,
    more: Mapping[str, str] | None = None,
    said: str = "",
) -> subprocess.CompletedProcess[str]:
    """One command to its end, `said` on its standard input; `more` is added to what is exported."""
    environ = {**environment(product), "AWS_REGION": "us-east-1", "HOME": str(folder), **(more or {})}
    return subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=environ,
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def done(*args: Any, **more: Any) -> str:
    """The same for a command that must not fail: what it printed."""
    finished = run(*args, **more)
    assert finished.returncode == 0, f"{finished.stdout[-3000:]}\n{finished.stderr[-3000:]}"
    return finished.stdout
