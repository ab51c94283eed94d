"""The supervisor with real, tiny processes: restarts, order of stopping, and nothing left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.supervisor.child import kill_session, session_of
from runner.supervisor.plan import ChildPlan
from runner.supervisor.supervisor import BACKOFF_MOST_S, Slot, Supervisor, Surroundings, describe
from tests.support.waiting import wait_until

IDLE = "import signal; print('idle', flush=True); signal.pause()"
DEAF = (
    "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\nwhile True: signal.pause()"
)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def supervisor(tmp_path, lines):
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    around = Surroundings(
        folder=tmp_path,
        lock=lock,
        prefix=lambda _plan: (),
        environment=lambda plan: {**os.environ, **plan.environment},
        write=lambda name, line: lines.append((name, line)),
    )
    supervisor = Supervisor(around, settled_s=0)
    yield supervisor
    os.close(lock)


def plan(name, script, *, stage=0, grace_s=20.0, **more):
    return ChildPlan(name, (sys.executable, "-S", "-c", script), stage=stage, grace_s=grace_s, **more)


def serve_until(supervisor, condition):
    """Turn the loop until the condition holds."""

    def turn():
        supervisor._turn()
        return condition()

    wait_until(turn)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_output_is_told_with_its_name(supervisor, lines):
    supervisor.add([plan("one", IDLE), plan("two", IDLE)])
    serve_until(supervisor, lambda: {("one", "idle"), ("two", "idle")} <= set(lines))
    supervisor.stop()


def test_what_dies_is_started_again(supervisor, lines):
    supervisor.add([plan("one", IDLE)])
    serve_until(supervisor, lambda: ("one", "idle") in lines)
    first = supervisor.pids()["one"]
    os.kill(first, signal.SIGKILL)
    serve_until(supervisor, lambda: lines.count(("one", "idle")) == 2)
    assert supervisor.pids()["one"] != first
    assert ("up", "one was killed by SIGKILL; starting it again in 0.5 s") in lines
    supervisor.stop()


def test_last_words_are_not_lost(supervisor, lines):
    supervisor.add([plan("one", "print('x' * 100_000 + 'end')")])
    serve_until(supervisor, lambda: any(line.endswith("end") for name, line in lines if name == "one"))
    supervisor.stop()


def test_what_cannot_be_started_is_told_and_tried_again(supervisor, lines):
    supervisor.add([ChildPlan("one", ("/no/such/program",), stage=0, grace_s=1)])
    assert any("one cannot be started" in line for _, line in lines)
    serve_until(supervisor, lambda: len(lines) == 2)
    supervisor.stop()


def test_a_killed_process_leaves_no_grandchildren(supervisor, lines):
    script = (
        "import subprocess, sys, signal\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import signal; signal.pause()'], process_group=0)\n"
        "print(child.pid, flush=True); signal.pause()"
    )
    supervisor.add([plan("one", script)])
    serve_until(supervisor, lambda: len(lines) == 1)
    grandchild = int(lines[0][1])
    os.kill(supervisor.pids()["one"], signal.SIGKILL)
    serve_until(supervisor, lambda: len(lines) > 1)
    wait_until(
        lambda: not alive(grandchild) or session_of(Path(f"/proc/{grandchild}")) == 0 or zombie(grandchild)
    )
    supervisor.stop()


def zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_it_stops_stage_by_stage(supervisor, lines):
    farewell = "import signal, sys; signal.signal(15, lambda *_: sys.exit(print('bye', flush=True)));"
    farewell += "print('idle', flush=True); signal.pause()"
    supervisor.add(
        [plan("redis", farewell, stage=3), plan("web", farewell, stage=0), plan("gateway", farewell, stage=1)]
    )
    serve_until(supervisor, lambda: len(lines) == 3)
    pids = supervisor.pids().values()
    supervisor.stop()
    assert [name for name, line in lines if line == "bye"] == ["web", "gateway", "redis"]
    assert not any(alive(pid) for pid in pids)


def test_what_does_not_end_is_killed_after_its_grace(supervisor, lines):
    supervisor.add([plan("one", DEAF, grace_s=0.1)])
    serve_until(supervisor, lambda: ("one", "deaf") in lines)
    pid = supervisor.pids()["one"]
    supervisor.stop()
    assert ("up", "one does not end: killing it") in lines
    assert not alive(pid)


@pytest.fixture
def ask_again_while_stopping(supervisor):
    """A second request comes when the processes have been told to end."""
    end = supervisor._end

    def end_and_ask_again(slots):
        end(slots)
        supervisor.ask_to_stop()

    supervisor.ask_to_stop()
    supervisor._end = end_and_ask_again


def test_asking_again_hurries(supervisor, lines, monkeypatch, ask_again_while_stopping):
    monkeypatch.setattr("runner.supervisor.supervisor.ONE_PRESS_S", 0)
    supervisor.add([plan("one", DEAF, grace_s=3600)])
    serve_until(supervisor, lambda: ("one", "deaf") in lines)
    supervisor.stop()
    assert supervisor.pids() == {}


def test_one_ctrl_c_that_arrives_twice_leaves_everyone_its_grace(
    supervisor, lines, monkeypatch, ask_again_while_stopping
):
    monkeypatch.setattr("runner.supervisor.supervisor.ONE_PRESS_S", 3600)
    slow = (
        "import os, signal, sys, time; "
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), os.write(1, b'bye\\n'), sys.exit())); "
        "print('idle', flush=True); signal.pause()"
    )
    supervisor.add([plan("one", slow, grace_s=60)])
    serve_until(supervisor, lambda: ("one", "idle") in lines)
    supervisor.stop()
    assert ("one", "bye") in lines


def test_it_serves_until_asked_to_stop(supervisor, lines):
    supervisor.add([plan("one", IDLE, is_ready=lambda: supervisor.ask_to_stop() is None)])
    supervisor.run()
    assert supervisor.is_stopping
    supervisor.stop()


def test_ready_is_when_all_have_answered(supervisor, tmp_path):
    made = tmp_path / "made"
    script = f"open({str(made)!r}, 'w').close(); import signal; signal.pause()"
    supervisor.add([plan("one", script, is_ready=made.exists)])
    assert supervisor.wait_ready(20) == []
    supervisor.stop()


def test_what_is_not_ready_in_time_is_named(supervisor):
    supervisor.add([plan("slow", IDLE, is_ready=lambda: False)])
    assert supervisor.wait_ready(0) == ["slow"]
    supervisor.stop()


def test_output_may_go_to_a_file(supervisor, tmp_path, lines):
    log = tmp_path / "log"
    supervisor.add([plan("one", IDLE, log=log)])
    serve_until(supervisor, lambda: log.exists() and log.read_text() == "idle\n")
    assert lines == []
    supervisor.stop()


def test_what_had_to_be_cleared_away_is_said(supervisor, lines):
    supervisor.add([plan("one", IDLE, before_start=lambda: ["Removed a pid file."])])
    assert ("up", "Removed a pid file.") in lines
    supervisor.stop()


def test_what_is_left_is_cleared_away_once_all_of_its_stage_have_ended(supervisor, lines):
    alive_then = []

    def clear_away():
        alive_then.append(sorted(supervisor.pids()))
        return ["Removed a container."]

    supervisor.add([plan("one", IDLE, stage=1, after_stop=clear_away), plan("two", IDLE, stage=1)])
    supervisor.add([plan("engine", IDLE, stage=2)])
    supervisor.stop()
    assert alive_then == [["engine"]]
    assert ("up", "Removed a container.") in lines


def test_what_was_killed_before_the_stop_is_cleared_away_too(supervisor, lines):
    supervisor.add([plan("one", IDLE, after_stop=lambda: ["Removed a container."])])
    serve_until(supervisor, lambda: ("one", "idle") in lines)
    os.kill(supervisor.pids()["one"], signal.SIGKILL)
    serve_until(supervisor, lambda: not supervisor.pids())
    assert ("up", "Removed a container.") not in lines
    supervisor.stop()
    assert lines[-1] == ("up", "Removed a container.")
    assert lines.count(("one", "idle")) == 1


def test_a_plans_environment_reaches_its_process(supervisor, lines):
    supervisor.add([plan("one", "import os; print(os.environ['ROLE'])", environment={"ROLE": "relay"})])
    serve_until(supervisor, lambda: ("one", "relay") in lines)
    supervisor.stop()


def test_the_wait_between_starts_grows_and_begins_anew():
    slot = Slot(ChildPlan("one", (), stage=0, grace_s=1))
    assert [slot.delay_s(1) for _ in range(3)] == [0.5, 1.0, 2.0]
    assert [slot.delay_s(1) for _ in range(9)][-1] == BACKOFF_MOST_S
    assert slot.delay_s(3600) == 0.5


def test_an_end_in_words():
    assert describe(3) == "ended with exit status 3"
    assert describe(-9) == "was killed by SIGKILL"


def test_only_the_session_is_killed():
    script = "import signal; signal.pause()"
    other = subprocess.Popen([sys.executable, "-S", "-c", script], start_new_session=True)
    kill_session(os.getpid())  # nobody has this process's pid as a session but, perhaps, itself
    assert other.poll() is None
    other.kill()
    other.wait()
