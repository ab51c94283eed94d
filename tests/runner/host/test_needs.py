"""What a machine lacks, and how it is called there."""

import pytest

from runner.host.machine import Machine, family, read_release
from runner.host.needs import (
    Need,
    any_file,
    apparmor_is_on,
    find_program,
    missing,
    needs_to_run,
    needs_to_test,
    program,
)


def machine(**changes):
    facts = {
        "distribution": "debian", "version": "13", "manager": "apt-get",
        "is_root": True, "has_sudo": False, "has_systemd": False, **changes,
    }  # fmt: skip
    return Machine(**facts)


def packages(needs):
    return {need.package for need in needs}


def test_running_needs_the_engine_redis_and_the_base_maker():
    names = packages(needs_to_run(machine(), has_venv=lambda: True))
    assert {"docker.io", "redis-server", "mmdebstrap", "nftables", "e2fsprogs", "python3-venv"} <= names
    assert "chromium" not in names


def test_testing_needs_all_that_running_needs_and_a_browser():
    run, test = (needs(machine(), has_venv=lambda: True) for needs in (needs_to_run, needs_to_test))
    assert packages(run) < packages(test)
    assert {"chromium", "postgresql"} <= packages(test)


def test_ubuntu_has_other_names_and_needs_debians_keys():
    names = packages(needs_to_test(machine(distribution="ubuntu"), has_venv=lambda: True))
    assert {"debian-archive-keyring", "chromium-browser"} <= names
    assert "debian-archive-keyring" not in packages(needs_to_run(machine(), has_venv=lambda: True))


def test_only_what_is_absent_is_missing():
    there, absent = Need("a", "why", lambda: True), Need("b", "why", lambda: False)
    assert missing([there, absent]) == [absent]


def test_every_need_says_why():
    assert all(need.why for need in needs_to_test(machine(), has_venv=lambda: False))


def test_names_of_other_package_managers():
    docker = next(
        need for need in needs_to_run(machine(), has_venv=lambda: True) if need.package == "docker.io"
    )
    assert docker.package_for(machine(manager="dnf", distribution="fedora")) == "moby-engine"
    assert docker.package_for(machine()) == "docker.io"


def test_programs_outside_of_the_path_are_found(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("ldconfig")  # in /usr/sbin or /sbin on every Linux
    assert find_program("no-such-program") is None
    assert not program("no-such-program")()


def test_files_are_found_by_pattern(tmp_path):
    (tmp_path / "15").mkdir()
    (tmp_path / "15" / "initdb").touch()
    assert any_file(f"{tmp_path}/*/initdb")()
    assert not any_file(f"{tmp_path}/*/pg_ctl")()


@pytest.mark.parametrize(("text", "on"), [("Y\n", True), ("N\n", False), (None, False)])
def test_apparmor_needs_its_parser_only_where_it_is_on(tmp_path, text, on):
    flag = tmp_path / "enabled"
    if text is not None:
        flag.write_text(text)
    assert apparmor_is_on(flag) is on


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ('ID=debian\nVERSION_ID="13"\n', "debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "ubuntu"),
        ("ID=fedora\n", "fedora"),
        ("", ""),
    ],
)
def test_the_distribution_is_read(tmp_path, release, name):
    path = tmp_path / "os-release"
    path.write_text(release)
    assert family(read_release(path)) == name


def test_a_machine_without_the_file_is_unknown(tmp_path):
    assert read_release(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("changes", "may"),
    [({}, True), ({"is_root": False}, False), ({"distribution": "fedora", "manager": "dnf"}, False)],
)
def test_only_root_on_debian_may_install(changes, may):
    assert machine(**changes).may_install is may
