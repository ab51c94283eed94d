"""What a killed engine leaves, and what of it is cleared away."""

import subprocess
import sys

import pytest

from runner.host.remains import clear_remains, command_of, end, name_of, read_pid
from tests.support.waiting import wait_until


@pytest.fixture
def place(tmp_path):
    (tmp_path / "exec" / "containerd").mkdir(parents=True)
    return tmp_path / "docker.pid", tmp_path / "exec"


@pytest.fixture
def proc(tmp_path):
    folder = tmp_path / "proc"
    folder.mkdir()

    def add(pid, name, command="", state="S"):
        (folder / str(pid)).mkdir()
        (folder / str(pid) / "stat").write_text(f"{pid} ({name}) {state} 1 {pid} {pid} 0\n")
        (folder / str(pid) / "cmdline").write_bytes(command.replace(" ", "\0").encode())
        return folder

    add.folder = folder
    return add


def test_a_clean_machine_is_left_alone(place, proc):
    assert clear_remains(*place, proc.folder) == []


def test_a_pid_file_of_a_process_that_is_gone_is_removed(place, proc):
    place[0].write_text("4242")
    assert clear_remains(*place, proc.folder) == [f"Removed {place[0]}: no engine has the pid 4242."]
    assert not place[0].exists()


def test_a_pid_that_another_program_has_by_now_is_no_engine(place, proc):
    place[0].write_text("4242\n")
    clear_remains(*place, proc(4242, "bash"))
    assert not place[0].exists()


def test_a_dead_engine_that_nobody_has_buried_is_none(place, proc):
    place[0].write_text("4242\n")
    clear_remains(*place, proc(4242, "dockerd", state="Z"))
    assert not place[0].exists()


def test_nothing_of_a_running_engine_is_touched(place, proc):
    place[0].write_text("4242")
    containerd = place[1] / "containerd" / "containerd.pid"
    containerd.write_text("4243")
    proc(4243, "containerd", f"containerd --config {containerd.parent}/containerd.toml")
    assert clear_remains(*place, proc(4242, "dockerd")) == []
    assert place[0].exists() and containerd.exists()


def test_a_containerd_pid_of_another_program_is_forgotten(place, proc):
    containerd = place[1] / "containerd" / "containerd.pid"
    containerd.write_text("4243")
    clear_remains(*place, proc(4243, "bash", "bash"))
    assert not containerd.exists()


def test_another_containerd_is_not_ended(place, proc):
    containerd = place[1] / "containerd" / "containerd.pid"
    containerd.write_text("1")  # would not survive a signal unharmed if it were sent
    notes = clear_remains(*place, proc(1, "containerd", "containerd --config /etc/containerd/config.toml"))
    assert not [note for note in notes if "Ended" in note]


def test_pid_files_may_hold_anything(tmp_path):
    path = tmp_path / "pid"
    assert read_pid(path) is None
    path.write_text("not a number")
    assert read_pid(path) is None


def test_a_process_is_ended():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    wait_until(lambda: "input()" in command_of(child.pid))
    assert name_of(child.pid).startswith("python")
    child.stdin.close()
    child.wait()
    end(child.pid)  # gone already: nothing happens
    assert name_of(child.pid) == ""
