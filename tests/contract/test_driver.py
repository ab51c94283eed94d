"""What every driver promises (runner.sandbox.driver), told by the code inside."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from runner.sandbox.driver import DriverError
from runner.sandbox.spec import CodeMount, Limits
from tests.contract.conftest import make_driver
from tests.support.probe import ProbeError
from tests.support.sandboxes import Sandboxes, sandbox_config

SMALL = Limits(128)


def test_a_new_sandbox_runs_as_its_own_user_and_reaches_its_socket(made: Sandboxes) -> None:
    first, second = made.make(), made.make()
    assert first.ask("import os; result = os.getuid()") == first.container.uid
    assert first.container.uid != second.container.uid
    path = first.container.directory / "s.sock"
    assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (first.container.uid, 0o600)
    assert len(str(path)) < 108


def test_both_outputs_are_read(made: Sandboxes) -> None:
    sandbox = made.make()
    sandbox.ask("import sys; print('out', flush=True); print('err', file=sys.stderr, flush=True)")
    assert sandbox.output_until(lambda found: b"err" in found) == b"out\nerr\n"
    with pytest.raises(BlockingIOError):
        os.read(sandbox.container.output(), 1)


def test_code_is_there_once_bound_and_not_before(made: Sandboxes, runner: asyncio.Runner, code: Path) -> None:
    sandbox = made.make()
    assert sandbox.ask("import os; result = os.listdir('/var/task')") == []
    runner.run(sandbox.container.bind((CodeMount(code, "/var/task"),), SMALL))
    assert sandbox.ask("result = open('/var/task/handler.py').read()") == "answer = 42\n"


def test_bound_code_cannot_be_written(made: Sandboxes, runner: asyncio.Runner, code: Path) -> None:
    sandbox = made.make()
    runner.run(sandbox.container.bind((CodeMount(code, "/var/task"),), SMALL))
    with pytest.raises(ProbeError) as refused:
        sandbox.ask("open('/var/task/new', 'w')")
    assert refused.value.errno == errno.EROFS
    assert sandbox.ask("open('/tmp/new', 'w').write('x'); result = open('/tmp/new').read()") == "x"


def test_several_trees_are_bound_at_once(made: Sandboxes, runner: asyncio.Runner, code: Path) -> None:
    sandbox = made.make()
    mounts = (CodeMount(code, "/var/task"), CodeMount(code, "/var/dependencies"), CodeMount(code, "/opt"))
    runner.run(sandbox.container.bind(mounts, SMALL))
    listed = sandbox.ask(
        "import os; result = [os.listdir(p) for p in ('/var/task', '/var/dependencies', '/opt')]"
    )
    assert listed == [["handler.py"]] * 3


def test_one_sandbox_does_not_see_the_code_of_another(
    made: Sandboxes, runner: asyncio.Runner, code: Path
) -> None:
    bound, other = made.make(), made.make()
    runner.run(bound.container.bind((CodeMount(code, "/var/task"),), SMALL))
    assert other.ask("import os; result = os.listdir('/var/task')") == []


def test_code_that_is_missing_is_refused(made: Sandboxes, runner: asyncio.Runner, code: Path) -> None:
    sandbox = made.make()
    with pytest.raises(DriverError, match=sandbox.container.id):
        runner.run(sandbox.container.bind((CodeMount(code / "missing", "/var/task"),), SMALL))


def test_the_gateway_listens_inside_each_at_the_same_port(made: Sandboxes) -> None:
    for sandbox in (made.make(), made.make()):
        with sandbox.container.listen_inside(9001) as listener:
            listener.setblocking(True)
            server = threading.Thread(target=answer_once, args=(listener,))
            server.start()
            source = "import socket; result = socket.create_connection(('127.0.0.1', 9001)).recv(9).decode()"
            assert sandbox.ask(source) == "hello"
            server.join()
        with pytest.raises(ProbeError, match="refused"):
            sandbox.ask("import socket; socket.create_connection(('127.0.0.1', 9001))")


def answer_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.sendall(b"hello")
    connection.close()


def test_frozen_it_does_nothing_and_thawed_it_goes_on(made: Sandboxes) -> None:
    sandbox = made.make()
    sandbox.container.freeze()
    sandbox.send("result = 'awake'")
    assert sandbox.silent_for(0.3)
    sandbox.container.thaw()
    assert sandbox.receive() == "awake"


def test_the_peak_is_remembered_until_it_is_reset(
    made: Sandboxes, runner: asyncio.Runner, code: Path
) -> None:
    sandbox = made.make()
    runner.run(sandbox.container.bind((CodeMount(code, "/var/task"),), SMALL))
    sandbox.container.reset_peak()
    sandbox.ask("held = b'x' * 50_000_000; del held")
    assert sandbox.container.peak() > 50_000_000 > sandbox.container.memory_now() > 0
    sandbox.container.reset_peak()
    assert 0 < sandbox.container.peak() < 50_000_000


def test_its_end_is_noticed_once(made: Sandboxes, runner: asyncio.Runner) -> None:
    sandbox = made.make()

    async def end() -> int:
        assert sandbox.container.exit_status() is None
        ends: asyncio.Queue[bool] = asyncio.Queue()
        sandbox.container.watch_exit(lambda: ends.put_nowait(sandbox.container.oom_killed()))
        sandbox.send("import os; os._exit(3)")
        assert await asyncio.wait_for(ends.get(), 20) is False
        return ends.qsize()

    assert runner.run(end()) == 0
    assert sandbox.container.exit_status() == 3
    runner.run(sandbox.container.remove())
    assert sandbox.container.exit_status() is None


def test_output_before_the_end_is_kept(made: Sandboxes, runner: asyncio.Runner) -> None:
    sandbox = made.make()

    async def end() -> None:
        ended = asyncio.Event()
        sandbox.container.watch_exit(ended.set)
        sandbox.send("import os; os.write(1, b'last words'); os._exit(3)")
        await asyncio.wait_for(ended.wait(), 20)

    runner.run(end())
    assert os.read(sandbox.container.output(), 100) == b"last words"


@pytest.mark.parametrize("state", ["running", "frozen", "ended"])
def test_removal_leaves_nothing_and_may_be_repeated(
    made: Sandboxes, runner: asyncio.Runner, state: str
) -> None:
    sandbox = made.make()
    if state == "frozen":
        sandbox.container.freeze()
    if state == "ended":
        sandbox.send("import os; os._exit(0)")
        with pytest.raises(ConnectionResetError):
            sandbox.receive()
    runner.run(sandbox.container.remove())
    runner.run(sandbox.container.remove())
    assert not sandbox.container.directory.exists()
    assert not Path(f"/proc/{sandbox.container.pid}").exists()


@pytest.mark.parametrize("state", ["running", "frozen", "ended"])
def test_a_killed_one_has_ended_before_it_is_removed(
    made: Sandboxes, runner: asyncio.Runner, state: str
) -> None:
    sandbox = made.make()
    if state == "frozen":
        sandbox.container.freeze()
    if state == "ended":
        sandbox.send("import os; os._exit(0)")
    runner.run(sandbox.container.kill())
    assert not runs(sandbox.container.pid)
    assert sandbox.container.directory.exists()
    runner.run(sandbox.container.kill())
    runner.run(sandbox.container.remove())
    runner.run(sandbox.container.kill())
    assert not sandbox.container.directory.exists()


def test_a_removed_sandbox_is_not_bound(made: Sandboxes, runner: asyncio.Runner, code: Path) -> None:
    sandbox = made.make()
    runner.run(sandbox.container.remove())
    with pytest.raises(DriverError):
        runner.run(sandbox.container.bind((CodeMount(code, "/var/task"),), SMALL))


def test_closing_the_driver_removes_what_it_made(runner: asyncio.Runner, driver: object) -> None:
    kind = "docker" if type(driver).__name__ == "DockerDriver" else "process"
    with sandbox_config() as config:
        short_lived = make_driver(kind, config)
        lone = Sandboxes(short_lived, runner).make()
        runner.run(short_lived.close())
        assert not lone.container.directory.exists()
        assert not Path(f"/proc/{lone.container.pid}").exists()


def runs(pid: int) -> bool:
    """Whether a process has memory still: not when it is gone, and not when only its parent has to take note."""
    try:
        return "VmRSS" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
