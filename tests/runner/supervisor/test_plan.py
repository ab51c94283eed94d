"""Which processes there are, as whom they run, and how they are started."""

import io
import socket
import sys
from dataclasses import replace

import pytest

from functions.config import Address, Config
from runner.supervisor import plan as plans
from runner.supervisor.errors import UpError
from runner.supervisor.lines import LineCutter, PrefixedOutput, wants_colour
from runner.supervisor.main import announce
from runner.supervisor.plan import child_environment, functory_plans, redis_plan
from runner.supervisor.ready import http_answers, http_answers_unix, port_answers, reachable, redis_answers
from runner.supervisor.web import Role, web_command, web_environment


@pytest.fixture
def config(tmp_path):
    return Config.from_environ({"FUNCTORY_HOME": str(tmp_path), "FUNCTORY_WORKERS": "3"})


def by_name(config):
    return {plan.name: plan for plan in functory_plans(config)}


def test_every_process_of_the_architecture_is_there(config):
    assert set(by_name(config)) == {
        "gateway", "web", "relay", "recorder", "scheduler", "worker-1", "worker-2", "worker-3",
        "worker-images",
    }  # fmt: skip


def test_only_gateway_and_workers_keep_the_supervisors_rights(config):
    privileged = {name for name, plan in by_name(config).items() if not plan.separate}
    assert privileged == {"gateway", "worker-1", "worker-2", "worker-3", "worker-images"}
    assert redis_plan(config).separate


def test_images_are_made_where_nobody_else_waits_unless_one_worker_is_to_do_all(config):
    serves = {name: plan.command[-1].split(",") for name, plan in by_name(config).items() if "worker" in name}
    assert [name for name, queues in serves.items() if "images" in queues] == ["worker-images"]
    assert serves["worker-images"] == ["images"]
    alone = by_name(replace(config, workers=1))
    assert "worker-images" not in alone
    assert alone["worker-1"].command[-1] == "deploys,events,housekeeping,images"


def test_callers_stop_before_the_gateway_and_redis_last(config):
    stages = {name: plan.stage for name, plan in by_name(config).items()}
    callers = {stages[name] for name in ("web", "relay", "scheduler", "worker-1")}
    assert max(callers) < stages["gateway"] < stages["recorder"] < redis_plan(config).stage


def test_sockets_that_nobody_listens_on_any_more_are_removed_and_files_stay(config):
    config.run.mkdir()
    for plan, path in (
        (by_name(config)["relay"], config.web_socket),
        (redis_plan(config), config.redis_socket),
    ):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
        assert plan.after_stop() == [f"Removed {path}: nobody listens there any more."]
        assert not path.exists()
        path.write_text("somebody's")
        assert plan.after_stop() == []
        assert path.exists()


def test_redis_listens_on_a_socket_only_and_writes_before_it_answers(config):
    words = " ".join(redis_plan(config).command)
    assert "--port 0" in words and f"--unixsocket {config.redis_socket}" in words
    assert "--appendonly yes --appendfsync always" in words


def test_a_home_too_deep_for_a_socket_is_refused(config):
    with pytest.raises(UpError, match="too long for a socket"):
        redis_plan(replace(config, home=config.home / ("x" * 100)))


def test_a_missing_redis_is_named(config, monkeypatch):
    monkeypatch.setattr(plans, "find_program", lambda _: None)
    with pytest.raises(UpError, match="apt-get install redis-server"):
        redis_plan(config)


def test_two_servers_that_know_their_role(config):
    console, relay = (web_command(config, role, cpus=2) for role in (Role.CONSOLE, Role.RELAY))
    assert console[:3] == relay[:3] == (sys.executable, "-m", "granian")
    assert console[-1] == relay[-1] == "console.wsgi:application"
    assert "--uds" not in console and console[console.index("--port") + 1] == "8000"
    assert relay[relay.index("--uds") + 1] == str(config.web_socket) and "--port" not in relay
    assert web_environment(Role.RELAY) == {"FUNCTORY_WEB_ROLE": "relay"}
    assert by_name(config)["web"].environment == {"FUNCTORY_WEB_ROLE": "console"}


@pytest.mark.parametrize(("cpus", "workers"), [(1, "1"), (2, "2"), (64, "2")])
def test_the_console_has_a_worker_per_processor_up_to_two(config, cpus, workers):
    words = web_command(config, Role.CONSOLE, cpus=cpus)
    assert words[words.index("--workers") + 1] == workers


def test_a_certificate_reaches_the_console_and_not_the_relay(config, tmp_path):
    secured = replace(config, tls_cert=tmp_path / "c", tls_key=tmp_path / "k")
    words = web_command(secured, Role.CONSOLE)
    assert words[words.index("--ssl-certificate") + 1] == str(tmp_path / "c")
    assert "--ssl-certificate" not in web_command(secured, Role.RELAY)


def test_children_know_the_home_and_do_not_buffer(config):
    environment = child_environment(
        by_name(config)["gateway"], config, {"PATH": "/bin", "FUNCTORY_HOME": "elsewhere"}
    )
    assert environment["FUNCTORY_HOME"] == str(config.home)
    assert environment["PYTHONUNBUFFERED"] == "1" and environment["PATH"] == "/bin"


def test_lines_are_cut_wherever_the_pipe_was():
    cutter = LineCutter()
    assert cutter.feed(b"one\ntw") == ["one"]
    assert cutter.feed(b"o\r\n\xff\n") == ["two", "\ufffd"]
    assert cutter.feed(b"rest") == [] and cutter.end() == ["rest"] and cutter.end() == []


def test_a_line_without_end_is_given_in_pieces():
    assert LineCutter().feed(b"x" * 70_000) == ["x" * 70_000]


def test_lines_stand_under_their_name():
    stream = io.StringIO()
    PrefixedOutput(stream, ["web", "gateway"], colour=False).write("web", "hello")
    assert stream.getvalue() == "web     │ hello\n"


def test_colour_only_where_it_is_seen():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert wants_colour(Terminal(), {}) and not wants_colour(Terminal(), {"NO_COLOR": "1"})
    assert not wants_colour(io.StringIO(), {})
    stream = io.StringIO()
    PrefixedOutput(stream, ["web"], colour=True).write("web", "hello")
    assert stream.getvalue().startswith("\x1b[36mweb │ ")


def test_a_reader_that_has_gone_stops_nothing():
    class Gone(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    output = PrefixedOutput(Gone(), ["web"], colour=False)
    output.write("web", "one")
    output.write("web", "two")


class Notes:
    def __init__(self):
        self.text = ""

    def note(self, text):
        self.text += text + "\n"


def test_the_password_is_shown_once_with_both_addresses(config):
    notes = Notes()
    announce(config, notes, [], ("admin", "abcde-fghij-klmno-pqrst"))
    assert "Functory is ready." in notes.text and "http://127.0.0.1:8000" in notes.text
    assert "one-time password abcde-fghij-klmno-pqrst" in notes.text


def test_what_is_late_is_named(config):
    notes = Notes()
    announce(config, notes, ["gateway"], None)
    assert "not all of it yet: gateway" in notes.text and "password" not in notes.text


def test_nobody_answers_where_nobody_is(tmp_path):
    nowhere = Address("127.0.0.1", 1)
    assert not port_answers(nowhere) and not http_answers(nowhere)
    assert not http_answers_unix(tmp_path / "s") and not redis_answers(tmp_path / "s")


def test_a_listener_on_all_addresses_is_asked_on_loopback():
    assert reachable(Address("0.0.0.0", 80)) == ("127.0.0.1", 80)
    assert reachable(Address("192.0.2.1", 80)) == ("192.0.2.1", 80)
