"""Which Python is chosen, with which settings pip runs, and when nothing has to be installed."""

import re
import stat
import sys
from pathlib import Path

import pytest

from runner.host import python
from runner.host.commands import DEV_LOCK, RUNTIME_LOCK
from runner.host.errors import HostError


def pins(lock):
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "bundle.crt"
    path.write_text("x")
    return path


def test_the_users_own_settings_hold(bundle):
    found = python.pip_environment({"PIP_INDEX_URL": "i", "PIP_CERT": "c", "PIP_FIND_LINKS": "w"}, "", bundle)
    assert found == {"PIP_INDEX_URL": "i", "PIP_CERT": "c", "PIP_FIND_LINKS": "w"}


def test_settings_that_install_elsewhere_do_not(bundle):
    found = python.pip_environment({"PIP_USER": "1", "PIP_TARGET": "/x", "PYTHONPATH": "/y"}, "", bundle)
    assert found == {"PIP_CERT": str(bundle)}


def test_the_systems_certificates_where_none_are_named(bundle):
    assert python.pip_environment({}, "", bundle)["PIP_CERT"] == str(bundle)
    assert "PIP_CERT" not in python.pip_environment({}, "global.cert='/own.pem'", bundle)
    assert "PIP_CERT" not in python.pip_environment({"REQUESTS_CA_BUNDLE": "r"}, "", bundle)
    assert "PIP_CERT" not in python.pip_environment({}, "", bundle.with_name("absent"))


def test_only_locked_contents_are_installed(tmp_path):
    command = python.pip_command(tmp_path, [RUNTIME_LOCK])
    assert "--require-hashes" in command
    assert command[-2:] == ["-r", str(RUNTIME_LOCK)]


def test_a_python_that_others_may_run_comes_first(tmp_path, monkeypatch):
    mine, shared = tmp_path / "mine", tmp_path / "shared"
    monkeypatch.setattr(python, "_answers", lambda *_: True)
    monkeypatch.setattr(python, "open_to_all", lambda path: path == shared)
    assert python.choose_python([mine, shared], for_others=True) == shared
    assert python.choose_python([mine, shared], for_others=False) == mine


def test_a_python_without_the_venv_package_is_passed_over(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert python.choose_python([broken, tmp_path / "absent"]) is None


def test_a_file_below_a_closed_folder_is_not_open_to_all(tmp_path):
    inside = tmp_path / "closed" / "python"
    inside.parent.mkdir()
    inside.touch(mode=0o755)
    inside.parent.chmod(stat.S_IRWXU)
    assert not python.open_to_all(inside)
    assert python.open_to_all(Path("/usr/bin/env"))


def test_a_venv_of_the_same_lock_is_left_alone(tmp_path, monkeypatch, capsys):
    venv, lock = tmp_path / "venv", tmp_path / "lock.txt"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    lock.write_text("a==1")
    (venv / "marker").write_text(python.digest([lock]))
    monkeypatch.setattr(python, "_install", lambda *_: pytest.fail("nothing has changed"))
    python.ensure_venv(venv, [lock], "marker")
    assert capsys.readouterr().out == ""


def test_a_changed_lock_installs_and_is_noted(tmp_path, monkeypatch):
    venv, lock, installed = tmp_path / "venv", tmp_path / "lock.txt", []
    venv.mkdir()
    lock.write_text("a==2")
    (venv / "marker").write_text("of another lock")
    monkeypatch.setattr(python, "_make", lambda _: None)
    monkeypatch.setattr(python, "_install", lambda *what: installed.append(what))
    python.ensure_venv(venv, [lock], "marker")
    assert installed == [(venv, [lock])]
    assert (venv / "marker").read_text() == python.digest([lock])


def test_a_failed_install_is_not_noted(tmp_path, monkeypatch):
    venv, lock = tmp_path / "venv", tmp_path / "lock.txt"
    lock.write_text("a==2")
    monkeypatch.setattr(python, "_make", lambda venv: (venv / "bin").mkdir(parents=True))
    (tmp_path / "false").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setattr(python, "pip_command", lambda *_: ["/bin/false"])
    monkeypatch.setattr(python.subprocess, "run", _failing)
    with pytest.raises(HostError, match="pip's output is above"):
        python.ensure_venv(venv, [lock], "marker")
    assert not (venv / "marker").exists()


def _failing(*_command, **_options):
    return type("Done", (), {"returncode": 1, "stdout": ""})()


def test_the_development_lock_holds_every_pin_of_the_other():
    runtime, development = pins(RUNTIME_LOCK), pins(DEV_LOCK)
    assert runtime.items() <= development.items()
    assert {"pytest", "ruff", "mypy"} <= set(development)
    assert "pytest" not in runtime


@pytest.mark.parametrize("lock", [RUNTIME_LOCK, DEV_LOCK])
def test_locks_name_no_host_and_every_hash(lock):
    text = lock.read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(pins(lock))


def test_the_runtime_lock_covers_what_the_project_asks_for():
    import tomllib

    project = tomllib.loads((RUNTIME_LOCK.parent / "pyproject.toml").read_text())["project"]
    asked = {re.split(r"[\[<>=;~ ]", one)[0] for one in project["dependencies"]}
    assert asked <= set(pins(RUNTIME_LOCK))
