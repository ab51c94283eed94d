"""Finding an engine, and the refusals; a real one is started in test_engine_docker.py."""

import http.server
import os
import socketserver
import threading

import pytest

from runner.host import engine
from runner.host.engine import Engine, EnginePlace, answers, command, ensure_engine, explain, prepare_cgroups
from runner.host.errors import HostError


class Pong(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/_ping" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass

    def address_string(self):
        return "unix"


@pytest.fixture
def answering(tmp_path):
    path = tmp_path / "engine.sock"
    with socketserver.UnixStreamServer(str(path), Pong) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_an_engine_that_answers_is_used_and_not_stopped(answering, tmp_path):
    assert answers(answering)
    found = ensure_engine(EnginePlace(answering), tmp_path / "log", has_systemd=False)
    assert not found.was_started_here
    found.stop()
    assert answers(answering)


def test_no_engine_does_not_answer(tmp_path):
    assert not answers(tmp_path / "absent.sock")


def test_an_engine_elsewhere_is_not_started(tmp_path):
    with pytest.raises(HostError, match="start the one that you configured"):
        ensure_engine(EnginePlace(tmp_path / "absent.sock"), tmp_path / "log", has_systemd=False)


def test_without_root_none_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    place = EnginePlace(tmp_path / "absent.sock", options=("--debug",))
    with pytest.raises(HostError, match="needs root"):
        ensure_engine(place, tmp_path / "log", has_systemd=False)


def test_the_daemon_ends_with_its_starter(monkeypatch):
    monkeypatch.setattr(engine, "find_program", lambda name: f"/usr/bin/{name}")
    words = command(EnginePlace(options=("--bridge=none",)))
    assert words[:5] == ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--", "/usr/bin/dockerd"]
    assert words[-1] == "--bridge=none"
    assert "unix:///var/run/docker.sock" in words
    assert command(EnginePlace(), tied=False)[0] == "/usr/bin/dockerd"


def test_a_machine_without_dockerd_is_told_which_package(monkeypatch):
    monkeypatch.setattr(engine, "find_program", lambda _: None)
    with pytest.raises(HostError, match=r"apt-get install docker\.io"):
        command(EnginePlace())


def test_control_groups_that_are_mounted_stay(tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")
    monkeypatch.setattr(engine.subprocess, "run", lambda *_, **__: pytest.fail("mounted twice"))
    prepare_cgroups(mounts)


def test_control_groups_are_mounted_where_there_are_none(tmp_path, monkeypatch):
    mounts, ran = tmp_path / "mounts", []
    mounts.write_text("proc /proc proc rw 0 0\n")
    monkeypatch.setattr(engine.subprocess, "run", lambda words, **_: ran.append(words))
    prepare_cgroups(mounts, "/nowhere")
    assert ran == [["mount", "-t", "cgroup2", "none", "/nowhere"]]


def test_the_end_of_the_log_is_shown_with_advice(tmp_path):
    log = tmp_path / "log"
    log.write_text("early\n" * 50 + "failed to create NAT chain: iptables failed\n")
    text = explain(log)
    assert "iptables-legacy" in text and text.count("early") < 20


def test_stopping_twice_is_once():
    once = Engine(EnginePlace(), None)
    once.stop()
    once.stop()
