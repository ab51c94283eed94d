"""The host's side of a sandbox: what is in it, whose it is, and that it goes away."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from runner.sandbox.engine.home import SandboxHome


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    return tmp_path / "s"


def test_the_socket_is_listening_and_private(parent: Path) -> None:
    home = SandboxHome(parent, "5e1f", os.geteuid())
    path = home.directory / "s.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as runtime:
        runtime.connect(str(path))
        connection, _ = home.listener.accept()
        connection.close()
    home.free()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_all_of_it_belongs_to_the_sandbox_but_the_directory(parent: Path) -> None:
    home = SandboxHome(parent, "5e1f", 60_123)
    owners = {path.name: path.stat().st_uid for path in home.directory.iterdir()}
    assert owners == {"s.sock": 60_123, "out": 60_123, "go": 60_123}
    assert home.directory.stat().st_uid == 0
    home.free()


def test_output_is_read_without_blocking_and_never_ends(parent: Path) -> None:
    home = SandboxHome(parent, "5e1f", os.geteuid())
    with pytest.raises(BlockingIOError):
        os.read(home.output, 100)
    writer = os.open(home.directory / "out", os.O_RDWR)
    os.write(writer, b"printed")
    os.close(writer)
    assert os.read(home.output, 100) == b"printed"
    with pytest.raises(BlockingIOError):
        os.read(home.output, 100)
    home.free()


def test_the_word_to_begin_waits_for_its_reader(parent: Path) -> None:
    home = SandboxHome(parent, "5e1f", os.geteuid())
    home.say_go()
    reader = os.open(home.directory / "go", os.O_RDONLY)
    assert os.read(reader, 1) == b"g"
    os.close(reader)
    home.free()


def test_freeing_twice_is_fine_and_leaves_nothing(parent: Path) -> None:
    home = SandboxHome(parent, "5e1f", os.geteuid())
    home.free()
    home.free()
    assert list(parent.iterdir()) == []


def test_a_name_that_is_taken_is_refused_and_left_alone(parent: Path) -> None:
    home = SandboxHome(parent, "5e1f", os.geteuid())
    with pytest.raises(FileExistsError):
        SandboxHome(parent, "5e1f", os.geteuid())
    assert (home.directory / "s.sock").exists()
    home.free()


def test_a_path_too_long_for_a_socket_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    parent = tmp_path / ("x" * 100)
    with pytest.raises(OSError, match="too long"):
        SandboxHome(parent, "5e1f", os.geteuid())
    assert list(parent.iterdir()) == []


def test_the_sandboxs_user_reaches_its_directory_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        home = SandboxHome(tmp_path / "run" / "instance", "abc", os.getuid())
    finally:
        os.umask(before)
    try:
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (home.directory, home.directory.parent)]
        assert modes == [0o755, 0o711]
        assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o711
    finally:
        home.free()
