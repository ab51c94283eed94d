"""/tmp on a loop device: its size, its owner, and that nothing of it remains."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from runner.sandbox.kernel import scratch
from runner.sandbox.kernel.mounts import Mounter
from runner.sandbox.kernel.scratch import ScratchError, ScratchMaker
from tests.support.waiting import wait_until


@pytest.fixture
def maker(tmp_path: Path, mounter: Mounter) -> ScratchMaker:
    maker = ScratchMaker(tmp_path / "scratch", mounter)
    try:
        os.close(maker.make(8, 0))
    except ScratchError as error:
        pytest.skip(str(error))
    return maker


def loops_on(directory: Path) -> list[Path]:
    found = []
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            if str(directory) in backing.read_text():
                found.append(backing)
        except OSError:
            continue
    return found


def test_it_is_as_large_as_promised_and_no_larger(
    maker: ScratchMaker, mounter: Mounter, inmate: subprocess.Popen[str], pidfd: int, tmp_path: Path
) -> None:
    target = tmp_path / "tmp"
    target.mkdir()
    tree = maker.make(64, 60_123)
    mounter.attach(pidfd, tree, str(target))
    os.close(tree)
    inside = Path(f"/proc/{inmate.pid}/root{target}")
    assert os.listdir(inside) == []
    assert (inside.stat().st_uid, inside.stat().st_mode & 0o777) == (60_123, 0o700)
    (inside / "promised").write_bytes(bytes(64 * 1024 * 1024))
    with pytest.raises(OSError) as full:
        (inside / "more").write_bytes(bytes(16 * 1024 * 1024))
    assert full.value.errno == errno.ENOSPC


def test_nothing_remains_when_its_user_dies(
    maker: ScratchMaker, mounter: Mounter, inmate: subprocess.Popen[str], pidfd: int, tmp_path: Path
) -> None:
    target = tmp_path / "tmp"
    target.mkdir()
    tree = maker.make(16, 0)
    mounter.attach(pidfd, tree, str(target))
    os.close(tree)
    assert loops_on(tmp_path)
    assert list((tmp_path / "scratch").iterdir()) == []
    inmate.kill()
    inmate.wait()
    wait_until(lambda: not loops_on(tmp_path))


def test_a_larger_one_takes_the_place_of_the_first(
    maker: ScratchMaker, mounter: Mounter, inmate: subprocess.Popen[str], pidfd: int, tmp_path: Path
) -> None:
    target = tmp_path / "tmp"
    target.mkdir()
    for size, place in ((16, mounter.attach), (64, mounter.replace)):
        tree = maker.make(size, 0)
        place(pidfd, tree, str(target))
        os.close(tree)
    found = os.statvfs(f"/proc/{inmate.pid}/root{target}")
    assert found.f_bavail * found.f_frsize >= 64 * 1024 * 1024
    wait_until(lambda: len(loops_on(tmp_path)) == 1)


def test_a_host_without_mke2fs_is_told_so(
    tmp_path: Path, mounter: Mounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "find_program", lambda _name: None)
    with pytest.raises(ScratchError, match="e2fsprogs"):
        ScratchMaker(tmp_path, mounter).make(8, 0)
