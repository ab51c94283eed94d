"""Late binding: what appears inside, what stays invisible outside, what is refused."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from runner.sandbox.kernel.mounts import Mounter


@pytest.fixture
def code(tmp_path: Path) -> Path:
    directory = tmp_path / "code"
    directory.mkdir()
    (directory / "handler.py").write_text("answer = 42\n")
    return directory


@pytest.fixture
def target(tmp_path: Path) -> Path:
    directory = tmp_path / "task"
    directory.mkdir()
    return directory


def inside(process: subprocess.Popen[str], path: Path) -> Path:
    return Path(f"/proc/{process.pid}/root{path}")


def test_code_appears_inside_and_only_there(
    mounter: Mounter, inmate: subprocess.Popen[str], pidfd: int, code: Path, target: Path
) -> None:
    mounter.bind_code(pidfd, [(code, str(target))])
    assert (inside(inmate, target) / "handler.py").read_text() == "answer = 42\n"
    assert list(target.iterdir()) == []
    assert str(target) not in Path("/proc/self/mountinfo").read_text()


def test_code_is_read_only_without_setuid_and_devices(
    mounter: Mounter, inmate: subprocess.Popen[str], pidfd: int, code: Path, target: Path
) -> None:
    mounter.bind_code(pidfd, [(code, str(target))])
    with pytest.raises(OSError) as refused:
        (inside(inmate, target) / "handler.py").write_text("answer = 0\n")
    assert refused.value.errno == errno.EROFS
    line = next(
        line
        for line in Path(f"/proc/{inmate.pid}/mountinfo").read_text().splitlines()
        if line.split()[4] == str(target)
    )
    assert {"ro", "nosuid", "nodev"} <= set(line.split()[5].split(","))
    (code / "handler.py").write_text("the host still may\n")


def test_a_target_that_is_missing_is_refused(mounter: Mounter, pidfd: int, code: Path, target: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mounter.bind_code(pidfd, [(code, str(target / "missing"))])


def test_a_source_that_is_missing_is_refused(mounter: Mounter, pidfd: int, code: Path, target: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mounter.bind_code(pidfd, [(code / "missing", str(target))])


def test_a_process_that_has_ended_is_refused(
    mounter: Mounter, inmate: subprocess.Popen[str], pidfd: int, code: Path, target: Path
) -> None:
    inmate.kill()
    inmate.wait()
    with pytest.raises(ProcessLookupError):
        mounter.bind_code(pidfd, [(code, str(target))])


def test_memory_stands_in_for_a_disk(
    mounter: Mounter, inmate: subprocess.Popen[str], pidfd: int, target: Path
) -> None:
    tree = mounter.tmpfs(2, 60_123)
    mounter.attach(pidfd, tree, str(target))
    os.close(tree)
    found = os.stat(inside(inmate, target))
    assert (found.st_uid, found.st_mode & 0o777) == (60_123, 0o700)
    with pytest.raises(OSError) as full:
        (inside(inmate, target) / "big").write_bytes(bytes(3 * 1024 * 1024))
    assert full.value.errno == errno.ENOSPC
