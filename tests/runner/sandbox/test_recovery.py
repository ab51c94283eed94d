"""What is found and freed beside containers: mounts, loop devices, directories; and what is left alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.config import Config
from runner.sandbox.engine.client import Running
from runner.sandbox.recovery import recover
from tests.support import sandboxes
from tests.support.waiting import wait_until


class EngineWith:
    """An engine with some containers, which notes what is removed."""

    def __init__(self, *listed: Running) -> None:
        self.listed, self.removed = listed, []

    def sandboxes(self, instance: str) -> list[Running]:
        return list(self.listed)

    def remove(self, container_id: str) -> None:
        self.removed.append(container_id)


@pytest.fixture
def installation() -> Iterator[Config]:
    with sandboxes.sandbox_config() as config:
        (config.home / "scratch").mkdir()
        yield config


@pytest.fixture
def root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount")


def test_all_containers_but_those_to_keep_are_removed(installation: Config) -> None:
    engine = EngineWith(Running("a" * 64, 0, "0123456789ab"), Running("b" * 64, 0, "ba9876543210"))
    assert recover(engine, installation, frozenset({"ba9876543210"})) == 1
    assert engine.removed == ["a" * 64]


def test_a_container_whose_process_is_gone_is_removed_all_the_same(installation: Config) -> None:
    engine = EngineWith(Running("a" * 64, 2**22 - 1, "0123456789ab"))
    assert recover(engine, installation) == 1


def test_directories_of_sandboxes_go_and_others_stay(installation: Config, root: None) -> None:
    for name in ("0123456789ab", "ba9876543210", "notes"):
        (installation.sandboxes / name).mkdir(parents=True)
    recover(EngineWith(), installation, frozenset({"ba9876543210"}))
    assert {path.name for path in installation.sandboxes.iterdir()} == {"ba9876543210", "notes"}


def test_mounts_of_this_installation_are_taken_down(installation: Config, root: None, tmp_path: Path) -> None:
    inner, foreign = installation.home / "scratch" / "a b", tmp_path
    inner.mkdir()
    for point in (inner, foreign):
        subprocess.run(["mount", "-t", "tmpfs", "none", point], check=True)
    try:
        recover(EngineWith(), installation)
        assert not inner.is_mount()
        assert foreign.is_mount()
    finally:
        subprocess.run(["umount", foreign], check=True)


def test_loop_devices_of_this_installation_are_freed(
    installation: Config, root: None, tmp_path: Path
) -> None:
    own, foreign = (attach(directory) for directory in (installation.home / "scratch", tmp_path))
    try:
        recover(EngineWith(), installation)
        wait_until(lambda: not is_attached(own))
        assert is_attached(foreign)
    finally:
        subprocess.run(["losetup", "-d", foreign], check=True)


def attach(directory: Path) -> str:
    backing = directory / "image"
    backing.write_bytes(bytes(1024 * 1024))
    command = ["losetup", "--find", "--show", backing]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"no loop device: {ran.stderr}")
    return ran.stdout.strip()


def is_attached(device: str) -> bool:
    return Path(f"/sys/block/{Path(device).name}/loop/backing_file").exists()
