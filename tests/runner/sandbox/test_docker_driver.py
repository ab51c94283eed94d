"""What only containers can do: limits of memory and disk, recovery, and starting late without privilege."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from pathlib import Path

import pytest

from functions.config import Config
from runner.sandbox import docker_driver as module
from runner.sandbox.docker_driver import DockerDriver, check_engine, connect
from runner.sandbox.driver import DriverError
from runner.sandbox.kernel.host import HostTools, open_host_tools
from runner.sandbox.spec import CodeMount, Limits, PoolKey
from tests.support import probe, sandboxes
from tests.support.probe import Probe, ProbeError
from tests.support.sandboxes import Sandboxes
from tests.support.waiting import wait_until

pytestmark = pytest.mark.docker
KEY = PoolKey(sandboxes.RUNTIME, "none")
MB = 1024 * 1024


@pytest.fixture
def code(tmp_path: Path) -> Path:
    directory = tmp_path / "code"
    directory.mkdir()
    (directory / "handler.py").write_text("answer = 42\n")
    return directory


def bind(runner: asyncio.Runner, sandbox: Probe, limits: Limits, *mounts: CodeMount) -> None:
    runner.run(sandbox.container.bind(mounts, limits))


def test_this_engine_is_usable(sandbox_config: Config) -> None:
    report = check_engine(connect(sandbox_config))
    assert report.usable, report.reason
    assert report.version


def test_memory_beyond_the_limit_ends_it_and_is_told(made: Sandboxes, runner: asyncio.Runner) -> None:
    sandbox = made.make()
    bind(runner, sandbox, Limits(128))

    async def exhaust() -> bool:
        ended = asyncio.Event()
        sandbox.container.watch_exit(ended.set)
        sandbox.send("held = bytearray(b'x') * 300_000_000")
        await asyncio.wait_for(ended.wait(), 30)
        return sandbox.container.oom_killed()

    assert runner.run(exhaust())
    runner.run(sandbox.container.remove())
    assert sandbox.container.oom_killed()


def test_a_child_that_is_killed_for_memory_is_told_but_not_the_end(
    made: Sandboxes, runner: asyncio.Runner
) -> None:
    sandbox = made.make()
    bind(runner, sandbox, Limits(128))
    child = "import subprocess, sys; result = subprocess.run([sys.executable, '-c', 'bytearray(b\"x\") * 300000000'])"
    assert sandbox.ask(f"{child}.returncode") == -9
    assert sandbox.container.oom_killed()
    assert sandbox.ask("result = 'still here'") == "still here"


def test_memory_within_the_limit_is_not_a_kill(made: Sandboxes, runner: asyncio.Runner) -> None:
    sandbox = made.make()
    bind(runner, sandbox, Limits(512))
    assert sandbox.ask("held = bytearray(b'x') * 300_000_000; result = len(held)") == 300_000_000
    assert not sandbox.container.oom_killed()


def test_scratch_is_on_disk_and_as_large_as_promised(made: Sandboxes, runner: asyncio.Runner) -> None:
    sandbox = made.make()
    bind(runner, sandbox, Limits(128))
    assert sandbox.ask("result = open('/tmp/big', 'wb').write(bytes(100_000_000))") == 100_000_000
    assert sandbox.container.memory_now() < 64 * MB
    assert free_mb(sandbox) >= 512 - 100


@pytest.mark.parametrize(("wanted", "at_most"), [(512, 560), (2048, 2200)])
def test_scratch_grows_with_what_the_function_asks_for(
    made: Sandboxes, runner: asyncio.Runner, wanted: int, at_most: int
) -> None:
    sandbox = made.make()
    bind(runner, sandbox, Limits(128, ephemeral_mb=wanted))
    assert wanted <= free_mb(sandbox) <= at_most


def free_mb(sandbox: Probe) -> int:
    source = "import os; found = os.statvfs('/tmp'); result = found.f_bavail * found.f_frsize // 1024 // 1024"
    return int(sandbox.ask(source))


def test_an_unknown_image_is_refused_and_leaves_nothing(
    sandbox_config: Config, runner: asyncio.Runner
) -> None:
    driver = DockerDriver(sandbox_config, lambda _: "functory/no-such-image:1", lambda _: ("true",))
    with pytest.raises(DriverError, match=r"images python3\.13"):
        runner.run(driver.create(KEY))
    assert sandboxes.containers_of(sandbox_config) == []
    assert not any(sandbox_config.sandboxes.glob("*"))


def test_a_runtime_without_image_is_refused(sandbox_config: Config, runner: asyncio.Runner) -> None:
    driver = DockerDriver(sandbox_config, sandboxes.image_of, lambda _: probe.COMMAND)
    with pytest.raises(DriverError, match="cobol"):
        runner.run(driver.create(PoolKey("cobol", "none")))


def test_without_the_launcher_nothing_is_made(sandbox_config: Config, runner: asyncio.Runner) -> None:
    missing = sandbox_config.home / "nowhere"
    driver = DockerDriver(sandbox_config, sandboxes.image_of, lambda _: ("true",), launcher=missing)
    with pytest.raises(DriverError, match="nowhere"):
        runner.run(driver.create(KEY))


def test_a_command_that_fails_at_once_is_noticed(sandbox_config: Config, runner: asyncio.Runner) -> None:
    driver = sandboxes.docker_driver(sandbox_config, ("/no/such/runtime",))

    async def create_and_wait() -> bytes:
        container = await driver.create(KEY)
        ended = asyncio.Event()
        container.watch_exit(ended.set)
        await asyncio.wait_for(ended.wait(), 20)
        sandbox = Probe.__new__(Probe)
        sandbox.container = container
        words = sandbox.output_until(lambda found: b"\n" in found)
        await container.remove()
        return words

    assert b"/no/such/runtime" in runner.run(create_and_wait())


def test_a_creation_nobody_waits_for_any_more_is_undone(
    driver: DockerDriver, sandbox_config: Config, runner: asyncio.Runner
) -> None:
    async def give_up() -> None:
        making = asyncio.ensure_future(driver.create(KEY))
        await asyncio.sleep(0)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making

    runner.run(give_up())
    wait_until(lambda: not any(sandbox_config.sandboxes.glob("*")))
    wait_until(lambda: sandboxes.containers_of(sandbox_config) == [])


def test_recovery_removes_what_a_dead_process_left_also_when_frozen(runner: asyncio.Runner) -> None:
    with sandboxes.sandbox_config() as config:
        dead = sandboxes.docker_driver(config, probe.COMMAND)
        left = [runner.run(dead.create(KEY)) for _ in range(2)]
        left[1].freeze()
        alive = sandboxes.docker_driver(config, probe.COMMAND)
        assert runner.run(alive.recover()) == 2
        assert sandboxes.containers_of(config) == []
        assert not any(config.sandboxes.iterdir())
        assert runner.run(alive.recover()) == 0
        runner.run(dead.close())
        runner.run(alive.close())


def test_recovery_spares_other_installations_and_its_own_living(
    made: Sandboxes, driver: DockerDriver, runner: asyncio.Runner
) -> None:
    own = made.make()
    with sandboxes.sandbox_config() as config:
        other = sandboxes.docker_driver(config, probe.COMMAND)
        assert runner.run(other.recover()) == 0
        runner.run(other.close())
    assert runner.run(driver.recover()) == 0
    assert own.ask("result = 'alive'") == "alive"


@pytest.fixture
def powerless(
    sandbox_config: Config, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> DockerDriver:
    monkeypatch.setattr(module, "open_host_tools", lambda _directory: (None, "as if not root"))
    return sandboxes.docker_driver(sandbox_config, probe.COMMAND)


def test_without_privilege_the_language_starts_when_bound(
    powerless: DockerDriver, runner: asyncio.Runner, code: Path
) -> None:
    container = runner.run(powerless.create(KEY))
    assert container.starts_at_bind
    assert container.pid == 0
    assert not container.oom_killed()
    with pytest.raises(DriverError, match="root"):
        container.listen_inside(9001)
    runner.run(container.bind((CodeMount(code, "/var/task"),), Limits(128, ephemeral_mb=64)))
    sandbox = Probe.meet(container)
    assert sandbox.ask("result = open('/var/task/handler.py').read()") == "answer = 42\n"
    with pytest.raises(ProbeError) as refused:
        sandbox.ask("open('/var/task/new', 'w')")
    assert refused.value.errno == errno.EROFS
    assert 0 < free_mb(sandbox) <= 64
    sandbox.close()
    runner.run(container.remove())
    assert powerless.isolation()["late_binding"] == "as if not root"
    runner.run(powerless.close())


def test_without_privilege_the_end_is_noticed_too(powerless: DockerDriver, runner: asyncio.Runner) -> None:
    async def live() -> None:
        container = await powerless.create(KEY)
        ended = asyncio.Event()
        container.watch_exit(ended.set)
        await container.bind((), Limits(128))
        sandbox = Probe.meet(container)
        sandbox.send("import os; os._exit(0)")
        await asyncio.wait_for(ended.wait(), 20)
        sandbox.close()
        await powerless.close()

    runner.run(live())


@pytest.fixture
def diskless(sandbox_config: Config, monkeypatch: pytest.MonkeyPatch) -> DockerDriver:
    def open_without_loop(directory: Path) -> tuple[HostTools | None, str]:
        tools, reason = open_host_tools(directory)
        if tools is None:
            pytest.skip(reason)
        return replace(tools, scratch=None, scratch_reason="as if there were no loop device"), ""

    monkeypatch.setattr(module, "open_host_tools", open_without_loop)
    return sandboxes.docker_driver(sandbox_config, probe.COMMAND)


def test_without_loop_devices_scratch_is_memory_that_comes_on_top(
    diskless: DockerDriver, runner: asyncio.Runner
) -> None:
    sandbox = Sandboxes(diskless, runner).make()
    bind(runner, sandbox, Limits(128))
    assert 500 <= free_mb(sandbox) <= 512
    assert sandbox.ask("result = open('/tmp/big', 'wb').write(bytes(300_000_000))") == 300_000_000
    with pytest.raises(ProbeError) as full:
        sandbox.ask("open('/tmp/more', 'wb').write(bytes(300_000_000))")
    assert full.value.errno == errno.ENOSPC
    assert not sandbox.container.oom_killed()
    assert "loop" in diskless.isolation()["scratch_on_disk"]
    sandbox.close()
    runner.run(diskless.close())
