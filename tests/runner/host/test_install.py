"""What is said before something is installed, and what is said when nothing may be."""

import pytest

from runner.host import install
from runner.host.errors import HostError
from runner.host.machine import Machine
from runner.host.needs import Need

DEBIAN = Machine("debian", "13", "apt-get", is_root=True, has_sudo=False, has_systemd=False)
PERSON = Machine("debian", "13", "apt-get", is_root=False, has_sudo=False, has_systemd=True)
FEDORA = Machine("fedora", "42", "dnf", is_root=True, has_sudo=False, has_systemd=True)
UNKNOWN = Machine("", "", "", is_root=True, has_sudo=False, has_systemd=False)


@pytest.fixture
def absent():
    return Need("docker.io", "runs functions", lambda: False, {"dnf": "moby-engine"})


@pytest.fixture
def commands(monkeypatch):
    """What would be run; nothing is."""
    run = []

    def note(command, **_options):
        run.append(command)
        return type("Done", (), {"returncode": 0})()

    monkeypatch.setattr(install.subprocess, "run", note)
    return run


def test_nothing_missing_is_silent(capsys, commands):
    install.ensure([Need("a", "why", lambda: True)], PERSON)
    assert capsys.readouterr().out == "" and commands == []


def test_it_is_said_before_it_is_installed(capsys, commands, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "_POLICY", tmp_path / "policy-rc.d")
    said_before = []
    arrived = []

    def present():
        return bool(arrived)

    def note(command, **_options):
        said_before.append(capsys.readouterr().out)
        arrived.append(command)
        return type("Done", (), {"returncode": 0})()

    monkeypatch.setattr(install.subprocess, "run", note)
    install.ensure([Need("docker.io", "runs functions", present)], DEBIAN)
    assert "docker.io  runs functions" in said_before[0]
    assert [command[-1] for command in arrived] == ["update", "docker.io"]


def test_what_is_still_missing_afterwards_is_an_error(commands, absent, monkeypatch):
    with pytest.raises(HostError, match=r"still missing(?s:.)*docker\.io"):
        install.ensure([absent], DEBIAN)


def test_without_root_the_command_is_named_and_nothing_changed(commands, absent):
    with pytest.raises(HostError) as refused:
        install.ensure([absent], PERSON)
    text = str(refused.value)
    assert "docker.io  runs functions" in text
    assert "sudo apt-get install -y docker.io" in text
    assert text.endswith("Nothing was changed.")
    assert commands == []


def test_another_distribution_gets_its_own_command(commands, absent):
    with pytest.raises(HostError, match="dnf install -y moby-engine"):
        install.ensure([absent], FEDORA)
    assert commands == []


def test_an_unknown_system_gets_debians_names(commands, absent):
    with pytest.raises(HostError, match=r"package manager \(Debian's names: docker\.io\)"):
        install.ensure([absent], UNKNOWN)


def test_apt_is_tried_again_and_then_given_up(monkeypatch, capsys):
    tries = []

    def fail(command, **_options):
        tries.append(command)
        return type("Done", (), {"returncode": 100})()

    monkeypatch.setattr(install.subprocess, "run", fail)
    with pytest.raises(HostError, match="failed 3 times"):
        install.install(["docker.io"], DEBIAN)
    assert len(tries) == 3


def test_redis_own_service_is_left_off_where_there_is_systemd(commands):
    systemd = Machine("debian", "13", "apt-get", is_root=True, has_sudo=False, has_systemd=True)
    install.install(["redis-server"], systemd)
    assert commands[-1] == ["systemctl", "disable", "--quiet", "redis-server"]


def test_services_stay_off_only_while_installing(tmp_path):
    policy = tmp_path / "sbin" / "policy-rc.d"
    with install.services_stay_off(policy):
        assert "exit 101" in policy.read_text()
        assert policy.stat().st_mode & 0o111
    assert not policy.exists()


def test_a_policy_that_is_there_is_kept(tmp_path):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    with install.services_stay_off(policy):
        pass
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
