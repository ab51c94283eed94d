"""A second engine of our own: started past a killed one's remains, used, stopped without a trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.host.engine import EnginePlace, answers, ensure_engine
from runner.host.needs import find_program
from runner.host.remains import name_of, read_pid
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(os.geteuid() != 0, reason="starting an engine needs root"),
]


@pytest.fixture
def place(tmp_path_factory, monkeypatch):
    """In a network namespace of its own: an engine without a bridge removes docker0, whosever it is."""
    home = tmp_path_factory.mktemp("e")
    wrapper = home / "bin" / "dockerd"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec unshare --net {find_program("dockerd")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    yield EnginePlace(
        home / "d.sock",
        home / "d.pid",
        home / "exec",
        ("--data-root", str(home / "data"), "--bridge=none", "--iptables=false", "--ip-forward=false"),
    )
    # A killed engine leaves its own data directory mounted on itself.
    for line in reversed(Path("/proc/mounts").read_text().splitlines()):
        if (target := line.split()[1]).startswith(f"{home}/"):
            subprocess.run(["umount", "-l", target], check=False)


def start(place):
    return ensure_engine(place, place.socket.with_name("log"), has_systemd=False)


def containerd_of(place):
    return read_pid(place.exec_root / "containerd" / "containerd.pid")


def test_it_is_started_and_stopped(place, capsys):
    engine = start(place)
    assert engine.was_started_here and answers(place.socket)
    assert "Starting the Docker engine" in capsys.readouterr().out
    containerd = containerd_of(place)
    engine.stop()
    assert not answers(place.socket)
    assert name_of(containerd) == ""


def test_it_starts_past_what_a_killed_one_left(place, capsys):
    killed = start(place)
    containerd = containerd_of(place)
    os.kill(read_pid(place.pid_file), signal.SIGKILL)
    killed.stop()
    assert place.pid_file.exists()
    # The number may belong to anybody by now; the kernel gives it to a process of ours at once.
    place.pid_file.write_text(str(os.getpid()))
    engine = start(place)
    try:
        assert f"Removed {place.pid_file}" in capsys.readouterr().out
        assert answers(place.socket)
        assert name_of(containerd) == ""
    finally:
        engine.stop()


def test_it_ends_with_whoever_started_it(place):
    paths = [str(path) for path in (place.socket, place.pid_file, place.exec_root)]
    script = (
        "from pathlib import Path; from runner.host.engine import *\n"
        f"place = EnginePlace(*map(Path, {paths!r}), {place.options!r})\n"
        "ensure_engine(place, place.socket.with_name('log'), has_systemd=False); print('up', flush=True); input()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    lines = iter(starter.stdout.readline, "up\n")
    assert list(lines) and answers(place.socket)
    starter.kill()
    starter.wait()
    wait_until(lambda: not place.pid_file.exists())
    assert not answers(place.socket)
