"""What doctor says of a machine and an installation, good and bad."""

import os
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from functions.config import Address, Config
from runner.doctor import installation, machine, visit
from runner.doctor.finding import Level, bad, good, guarded, table, verdict, weak
from runner.supervisor.lock import HomeLock

GB = 1024**3


@pytest.fixture
def own(tmp_path):
    """A configuration of an installation that was never started."""
    return Config.from_environ(
        {"FUNCTORY_HOME": str(tmp_path), "FUNCTORY_DOCKER_SOCKET": str(tmp_path / "d.sock")}
    )


def levels(findings):
    return [finding.level for finding in findings]


def test_a_table_shows_the_remedy_below_the_trouble():
    text = table([good("Redis", "answers"), bad("Docker engine", "silent", "start it")])
    assert text.splitlines() == [
        "✓ Redis          answers",
        "✗ Docker engine  silent",
        "                 → start it",
    ]


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ([good("a", "b")], "All is well."),
        ([good("a", "b"), weak("a", "b", "c")], "Functory works here; 1 of 2"),
        ([bad("a", "b", "c"), weak("a", "b", "c")], "1 of 2 looks found something that keeps"),
    ],
)
def test_the_verdict_is_a_sentence(findings, sentence):
    assert verdict(findings).startswith(sentence)


def test_a_look_that_fails_ends_no_other():
    def look():
        yield good("a", "b")
        raise OSError("gone")

    (finding,) = guarded("Disk", look)
    assert finding.level is Level.BAD and "OSError: gone" in finding.fact


def test_control_groups_of_both_versions(tmp_path):
    mounts, unified = tmp_path / "mounts", tmp_path / "controllers"
    mounts.write_text(
        "".join(
            f"cgroup /sys/fs/cgroup/{name} cgroup rw,{name} 0 0\n"
            for name in ("memory", "cpu", "freezer", "pids")
        )
    )
    assert levels(machine.look_at_cgroups(mounts, unified)) == [Level.GOOD, Level.GOOD]
    unified.write_text("cpu memory pids\n")
    assert "version 2" in next(machine.look_at_cgroups(mounts, unified)).fact


def test_a_missing_controller_is_named(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n")
    (finding,) = machine.look_at_cgroups(mounts, tmp_path / "absent")
    assert finding.level is Level.BAD and "memory, freezer, pids" in finding.fact


@pytest.mark.parametrize(
    ("free", "level"), [(50 * GB, Level.GOOD), (5 * GB, Level.WEAK), (GB // 2, Level.BAD)]
)
def test_disk(monkeypatch, own, free, level):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert levels(machine.look_at_disk(own)) == [level, level]


@pytest.mark.parametrize(("kilobytes", "level"), [(8 * 1024**2, Level.GOOD), (1000, Level.WEAK)])
def test_memory(tmp_path, kilobytes, level):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal: 1 kB\nMemAvailable: {kilobytes} kB\n")
    assert levels(machine.look_at_memory(meminfo)) == [level]


def test_scratch_space(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "find_program", lambda name: f"/sbin/{name}")
    assert levels(machine.look_at_scratch(tmp_path)) == [Level.GOOD]
    assert levels(machine.look_at_scratch(tmp_path / "absent")) == [Level.WEAK]
    monkeypatch.setattr(machine, "find_program", lambda _: None)
    (finding,) = machine.look_at_scratch(tmp_path)
    assert finding.remedy == "apt-get install e2fsprogs"


def test_the_packet_filter(monkeypatch):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "find_program", lambda _: "/usr/sbin/nft")
    monkeypatch.setattr(machine.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0))
    assert levels(machine.look_at_filter()) == [Level.GOOD]
    monkeypatch.setattr(
        machine.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stderr="no kernel")
    )
    assert levels(machine.look_at_filter()) == [Level.BAD]
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    assert levels(machine.look_at_filter()) == [Level.WEAK]
    monkeypatch.setattr(machine, "find_program", lambda _: None)
    assert levels(machine.look_at_filter()) == [Level.BAD]


def test_an_engine_that_is_away_is_named_with_what_starts_it(own):
    (finding,) = installation.look_at_engine(own)
    assert finding.level is Level.BAD
    assert str(own.docker_socket) in finding.fact and "make up" in finding.remedy
    assert list(installation.look_at_images(own)) == []


@pytest.mark.docker
def test_the_engine_and_its_images(own):
    here = replace(own, docker_socket=Path("/var/run/docker.sock"))
    assert levels(installation.look_at_engine(here)) == [Level.GOOD]
    assert levels(installation.look_at_images(here)) == [Level.GOOD]
    unknown = replace(here, oci_runtime="no-such-runtime")
    assert levels(installation.look_at_engine(unknown)) == [Level.GOOD, Level.BAD]


def test_the_embedded_redis_runs_only_while_functory_does(own):
    (finding,) = installation.look_at_redis(own)
    assert finding.level is Level.GOOD and "embedded" in finding.fact


def test_a_named_redis_that_is_away(own):
    (finding,) = installation.look_at_redis(replace(own, redis_url="redis://127.0.0.1:1/0"))
    assert finding.level is Level.BAD and "REDIS_URL" in finding.remedy


@pytest.mark.parametrize(("sync", "level"), [("always", Level.GOOD), ("everysec", Level.WEAK)])
def test_a_redis_that_forgets_is_named(sync, level):
    link = SimpleNamespace(config_get=lambda name: {name: "yes" if name == "appendonly" else sync})
    assert installation._how_it_remembers(link).level is level


@pytest.mark.usefixtures("databases")
def test_both_databases_are_looked_at():
    found = list(installation.look_at_databases())
    assert [finding.subject for finding in found] == ["Database (control)", "Database (telemetry)"]
    assert levels(found) == [Level.GOOD, Level.GOOD]


def test_addresses_that_are_free_and_taken(own):
    free = replace(own, console=Address("127.0.0.1", 0), gateway=Address("127.0.0.1", 0))
    assert levels(installation.look_at_addresses(free)) == [Level.GOOD, Level.GOOD]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (console, gateway) = installation.look_at_addresses(replace(free, console=Address("127.0.0.1", port)))
    assert console.level is Level.BAD and str(port) in console.remedy
    assert gateway.level is Level.GOOD


def test_a_running_functory_has_its_addresses_itself(own):
    assert not installation.is_running(own)
    lock = HomeLock(own.home / "up.lock", print)
    (finding,) = installation.look_at_addresses(own)
    assert finding.level is Level.GOOD and "Functory runs" in finding.fact
    lock.release()
    assert not installation.is_running(own)


def test_an_open_address_without_certificate(own):
    (exposure, *_) = installation.look_at_addresses(replace(own, console=Address("0.0.0.0", 0)))
    assert exposure.level is Level.BAD and "FUNCTORY_TLS_CERT" in exposure.fact


def test_the_account(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (finding,) = installation.look_at_account()
    assert finding.level is Level.WEAK and "not started as root" in finding.fact


def test_the_exit_status_is_the_verdict(monkeypatch, capsys):
    monkeypatch.setattr("runner.management.commands.doctor.visit", lambda _: [good("a", "b")])
    call_command("doctor")
    assert "All is well." in capsys.readouterr().out
    monkeypatch.setattr("runner.management.commands.doctor.visit", lambda _: [bad("a", "b", "c")])
    with pytest.raises(SystemExit) as status:
        call_command("doctor")
    assert status.value.code == 1


def test_every_look_is_part_of_a_visit(monkeypatch, own):
    monkeypatch.setattr(visit, "guarded", lambda subject, _look: [good(subject, "seen")])
    subjects = {finding.subject for finding in visit.visit(own)}
    assert {"Docker engine", "Control groups", "Packet filter", "Redis", "Databases", "Images"} <= subjects


def test_somebody_locked_out_gets_a_new_password(user, capsys):
    call_command("doctor", "--new-password", user.username)
    word = capsys.readouterr().out.split()[-1]
    user.refresh_from_db()
    assert user.check_password(word) and user.must_change_password


@pytest.mark.usefixtures("databases")
def test_nobody_gets_one_by_guessing():
    with pytest.raises(CommandError, match="no user mallory"):
        call_command("doctor", "--new-password", "mallory")
