"""Both versions of control groups on trees of plain files, and how a process's group is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.sandbox.kernel.cgroups import CgroupError, belongs_to, find_cgroup
from runner.sandbox.kernel.cgroups_v1 import CgroupV1, OomWatchV1
from runner.sandbox.kernel.cgroups_v2 import CgroupV2, OomWatchV2

STAT = "anon 1000\nfile 900\ninactive_anon 1\ninactive_file 300\nactive_file 200\nunevictable 0\n"
MB = 1024 * 1024


def write_all(directory: Path, files: dict[str, str]) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory


@pytest.fixture
def v1(tmp_path: Path) -> CgroupV1:
    memory = {
        "memory.limit_in_bytes": str(512 * MB),
        "memory.memsw.limit_in_bytes": str(512 * MB),
        "memory.max_usage_in_bytes": "5000",
        "memory.usage_in_bytes": "2500",
        "memory.stat": STAT,
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
        "cgroup.event_control": "",
    }
    return CgroupV1(
        memory=write_all(tmp_path / "memory", memory),
        cpu=write_all(tmp_path / "cpu", {"cpu.shares": "1024"}),
        freezer=write_all(tmp_path / "freezer", {"freezer.state": ""}),
    )


@pytest.fixture
def v2(tmp_path: Path) -> CgroupV2:
    files = {
        "memory.max": "max",
        "memory.swap.max": "max",
        "memory.current": "2500",
        "memory.peak": "5000",
        "memory.stat": STAT,
        "memory.events": "low 0\noom 0\noom_kill 0\n",
        "cpu.weight": "100",
        "cgroup.freeze": "",
    }
    return CgroupV2(write_all(tmp_path / "unified", files))


def test_v1_limits_memory_and_swap_together(v1: CgroupV1) -> None:
    v1.limit_memory(128 * MB)
    v1.share_cpu(74)
    names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    assert {(v1.memory / name).read_text() for name in names} == {str(128 * MB)}
    assert (v1.cpu / "cpu.shares").read_text() == "74"


def test_v1_does_without_swap_accounting(v1: CgroupV1) -> None:
    (v1.memory / "memory.memsw.limit_in_bytes").unlink()
    v1.limit_memory(128 * MB)
    assert (v1.memory / "memory.limit_in_bytes").read_text() == str(128 * MB)
    assert not (v1.memory / "memory.memsw.limit_in_bytes").exists()


def test_v1_freezes_and_thaws(v1: CgroupV1, tmp_path: Path) -> None:
    v1.freeze()
    assert (tmp_path / "freezer/freezer.state").read_text() == "FROZEN"
    v1.thaw()
    assert (tmp_path / "freezer/freezer.state").read_text() == "THAWED"


def test_v1_peak_is_less_file_cache(v1: CgroupV1) -> None:
    assert v1.peak() == 4500
    assert v1.usage() == 2000
    v1.reset_peak()
    assert (v1.memory / "memory.max_usage_in_bytes").read_text() == "0000"  # a plain file keeps the rest
    v1.close()


def test_v1_file_cache_is_looked_at_when_the_peak_has_moved(v1: CgroupV1) -> None:
    assert v1.peak() == 4500
    (v1.memory / "memory.stat").write_text("cache 9\ninactive_file 0\nactive_file 0\n")
    assert v1.peak() == 4500
    (v1.memory / "memory.max_usage_in_bytes").write_text("6000")
    assert v1.peak() == 6000


def test_v1_an_event_of_a_living_group_is_a_memory_kill(v1: CgroupV1) -> None:
    watch = OomWatchV1(v1.memory)
    assert not watch.check()
    os.eventfd_write(watch.fileno(), 1)
    assert watch.check()
    watch.forget()
    assert not watch.check()
    watch.close()


def test_v1_one_event_of_a_removed_group_is_its_removal(
    v1: CgroupV1, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = OomWatchV1(v1.memory)
    monkeypatch.setattr(watch, "_kills", lambda: None)
    os.eventfd_write(watch.fileno(), 1)
    assert not watch.check()
    os.eventfd_write(watch.fileno(), 1)
    assert watch.check()
    watch.close()


def test_v1_counts_kills_where_no_event_may_be_had(v1: CgroupV1) -> None:
    watch = OomWatchV1(v1.memory)
    (v1.memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    assert watch.check()
    watch.forget()
    assert not watch.check()
    watch.close()


def test_v2_limits(v2: CgroupV2) -> None:
    v2.limit_memory(128 * MB)
    v2.share_cpu(1024)
    assert (v2.directory / "memory.max").read_text() == str(128 * MB)
    assert (v2.directory / "memory.swap.max").read_text() == "0"
    assert (v2.directory / "cpu.weight").read_text() == "39"


@pytest.mark.parametrize(("shares", "weight"), [(2, 1), (74, 3), (262144, 10000)])
def test_v2_weight_follows_the_engines_conversion(v2: CgroupV2, shares: int, weight: int) -> None:
    v2.share_cpu(shares)
    assert (v2.directory / "cpu.weight").read_text() == str(weight)


def test_v2_freezes_and_thaws(v2: CgroupV2) -> None:
    v2.freeze()
    assert (v2.directory / "cgroup.freeze").read_text() == "1"
    v2.thaw()
    assert (v2.directory / "cgroup.freeze").read_text() == "0"


def test_v2_peak_counts_only_once_it_could_be_reset(v2: CgroupV2) -> None:
    assert v2.peak() == v2.usage() == 2000
    v2.reset_peak()
    (v2.directory / "memory.peak").write_text("6000")
    assert v2.peak() == 5500
    v2.close()


def test_v2_an_old_kernel_has_no_peak(v2: CgroupV2) -> None:
    (v2.directory / "memory.peak").unlink()
    v2.reset_peak()
    assert v2.peak() == 2000
    v2.close()


def test_v2_watch_follows_the_counter_and_keeps_the_last_answer(v2: CgroupV2) -> None:
    events = v2.directory / "memory.events"
    watch = OomWatchV2(v2.directory)
    assert not watch.check()
    events.write_text("low 0\noom 1\noom_kill 1\n")
    assert watch.check()
    watch.forget()
    assert not watch.check()
    events.write_text("")
    assert not watch.check()
    watch.close()


V1_MOUNTS = """31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / {root}/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / {root}/memory rw,relatime - cgroup cgroup rw,memory
37 31 0:34 / {root}/freezer rw,relatime - cgroup cgroup rw,freezer
41 31 0:38 / {root}/unified rw,relatime - cgroup2 cgroup2 rw
"""
V1_PROCESS = """9:name=systemd:/docker/abc
6:freezer:/docker/abc
4:memory:/docker/abc
1:cpu,cpuacct:/docker/abc
0::/
"""


def fake_proc(tmp_path: Path, mounts: str, process: str) -> Path:
    proc = tmp_path / "proc"
    write_all(proc / "7", {"cgroup": process})
    write_all(proc / "self", {"mountinfo": mounts})
    return proc


def test_v1_is_found_by_its_controllers(tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, V1_MOUNTS.format(root="/groups"), V1_PROCESS)
    found = find_cgroup(7, proc)
    assert isinstance(found, CgroupV1)
    assert found.memory == Path("/groups/memory/docker/abc")
    assert found.cpu == Path("/groups/cpu/docker/abc")


def test_v2_is_found_when_it_has_all_controllers(tmp_path: Path) -> None:
    mounts = "26 25 0:23 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    proc = fake_proc(tmp_path, mounts, "0::/system.slice/docker-abc.scope\n")
    found = find_cgroup(7, proc)
    assert isinstance(found, CgroupV2)
    assert found.directory == Path("/sys/fs/cgroup/system.slice/docker-abc.scope")


def test_a_mount_of_a_part_of_the_hierarchy_is_followed(tmp_path: Path) -> None:
    mounts = "26 25 0:23 /outer /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    proc = fake_proc(tmp_path, mounts, "0::/outer/docker/abc\n")
    found = find_cgroup(7, proc)
    assert isinstance(found, CgroupV2)
    assert found.directory == Path("/sys/fs/cgroup/docker/abc")


def test_a_host_without_control_groups_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CgroupError, match="neither"):
        find_cgroup(7, fake_proc(tmp_path, "1 0 8:1 / / rw - ext4 /dev/sda rw\n", "0::/\n"))


def test_a_process_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CgroupError, match="8"):
        find_cgroup(8, fake_proc(tmp_path, "", ""))


def test_a_process_belongs_to_the_container_its_group_names(tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, "", V1_PROCESS)
    assert belongs_to(7, "abc", proc)
    assert not belongs_to(7, "def", proc)
    assert not belongs_to(8, "abc", proc)
