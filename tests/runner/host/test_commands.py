"""The bootstrapper's commands as a person types them."""

import subprocess
import sys

import pytest

from runner.host import commands, elevate
from runner.host.errors import HostError
from runner.host.machine import Machine

PERSON = Machine("debian", "13", "apt-get", is_root=False, has_sudo=False, has_systemd=True)


def test_an_unknown_command_shows_the_usage(capsys):
    assert commands.run(["fly"]) == 2
    assert "prepare-tests" in capsys.readouterr().err


def test_a_refusal_is_a_message_and_status_1(capsys, monkeypatch):
    def refuse(_words):
        raise HostError("Missing: everything.")

    monkeypatch.setattr(commands, "up", refuse)
    assert commands.run(["up"]) == 1
    assert capsys.readouterr().err == "\nMissing: everything.\n"


def test_up_prepares_and_becomes_the_supervisor(monkeypatch):
    became = []
    monkeypatch.setattr(commands, "look", lambda: PERSON)
    monkeypatch.setattr(commands, "prepare_to_run", became.append)
    monkeypatch.setattr(commands.os, "execv", lambda path, words: became.append((path, words)))
    monkeypatch.setattr(commands.os, "chdir", lambda _: None)
    commands.up([])
    assert became[0] == PERSON
    path, words = became[1]
    assert path.endswith(".venv/bin/python") and words[-1] == "up"


def test_nothing_is_made_when_a_package_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(commands, "look", lambda: PERSON)
    monkeypatch.setattr(commands, "has_venv", lambda: False)
    monkeypatch.setattr(commands, "ensure_venv", lambda *_: pytest.fail("something was made"))
    assert commands.run(["up"]) == 1
    said = capsys.readouterr().err
    assert "python3-venv" in said and "Nothing was changed." in said


def test_sudo_is_used_where_it_is_there_and_said(monkeypatch, capsys):
    became = []
    monkeypatch.setattr(elevate.os, "execvp", lambda program, words: became.append((program, words)))
    elevate.as_root_if_possible(Machine("debian", "13", "apt-get", False, True, True), ["up"])
    assert "sudo starts it" in capsys.readouterr().out
    assert became[0][0] == "sudo" and became[0][1][-1] == "up"


@pytest.mark.parametrize(("is_root", "has_sudo"), [(True, True), (True, False), (False, False)])
def test_otherwise_one_stays_who_one_is(monkeypatch, is_root, has_sudo):
    monkeypatch.setattr(elevate.os, "execvp", lambda *_: pytest.fail("became somebody else"))
    elevate.as_root_if_possible(Machine("debian", "13", "apt-get", is_root, has_sudo, True), ["up"])


def test_settings_pass_through_sudo_and_the_rest_does_not():
    words = elevate.command(["up"], {"FUNCTORY_HOME": "/x", "PIP_CERT": "c", "SECRET": "s", "REDIS_URL": "r"})
    assert "--preserve-env=FUNCTORY_HOME,PIP_CERT,REDIS_URL" in words
    assert elevate.command(["up"], {})[1] == sys.executable


def test_a_command_with_an_engine_gives_its_own_status(monkeypatch):
    monkeypatch.setattr(commands, "ensure_engine", lambda *_, **__: NoEngine())
    assert commands.run(["with-engine", sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert commands.run(["with-engine", "--", sys.executable, "-c", ""]) == 0
    assert commands.run(["with-engine"]) == 1
    assert commands.run(["with-engine", "/no/such/program"]) == 1


class NoEngine:
    was_started_here = False

    def stop(self):
        pass


def test_the_bootstrapper_needs_nothing_but_the_standard_library():
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['django', 'docker', 'redis', 'requests'])); "
        "import runner.host.commands, runner.host.elevate"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=commands.REPOSITORY, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_an_old_python_is_refused_in_words():
    source = (commands.REPOSITORY / "runner" / "host" / "__main__.py").read_text()
    script = f"import sys; sys.version_info = (3, 9, 2); exec({source!r}, {{'__name__': '__main__'}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.9.2" in done.stderr


def test_a_home_that_another_user_keeps_is_refused_before_anything_changes(tmp_path, monkeypatch):
    (tmp_path / "keys").mkdir()
    commands.refuse_a_home_of_others(tmp_path / "not there yet")
    commands.refuse_a_home_of_others(tmp_path)
    monkeypatch.setattr(commands.os, "access", lambda place, _mode: place != tmp_path / "keys")
    with pytest.raises(HostError, match=r"belongs to .*\n.*FUNCTORY_NO_SUDO unset"):
        commands.refuse_a_home_of_others(tmp_path)
