"""Stepping back counts against every other process, not only against those of the same session."""

import subprocess
import sys
from pathlib import Path

import pytest

from functions.config import REPOSITORY

PROGRAM = """
import os
from pathlib import Path
from runner.priority import step_back

group = Path("/proc/self/autogroup")
before = os.getpriority(os.PRIO_PROCESS, 0)
step_back(7)
print(os.getpriority(os.PRIO_PROCESS, 0) - before)
print(group.read_text().split()[-1] if group.exists() else "none")
"""


def told(*, leads: bool) -> list[str]:
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM if leads else f"import os; os.fork() and os._exit(os.wait()[1])\n{PROGRAM}",
        ],
        cwd=REPOSITORY,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()


def test_the_process_steps_back():
    assert told(leads=True)[0] == told(leads=False)[0] == "7"


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not group by session")
def test_its_session_does_too_but_not_another_processes():
    assert int(told(leads=True)[1]) >= 7
    assert told(leads=False)[1] == "0"
