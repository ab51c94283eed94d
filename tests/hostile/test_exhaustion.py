"""Attempts to use up what others need: processes, memory, disk, descriptors, processor, the gateway's ear."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from tests.support.probe import Probe, ProbeError

pytestmark = pytest.mark.docker


def test_tasks_stop_at_the_limit(attacker: Probe, neighbour: Probe) -> None:
    source = """
import threading
threading.stack_size(32768)
born, gate = 0, threading.Event()
try:
    while born < 5000:
        threading.Thread(target=gate.wait, daemon=True).start()
        born += 1
except RuntimeError:
    pass
result = born
"""
    assert 900 < attacker.ask(source) < 1024
    assert neighbour.ask("import subprocess; result = subprocess.getoutput('echo alive')") == "alive"


def test_a_fork_bomb_is_refused_or_killed(attacker: Probe, neighbour: Probe) -> None:
    source = """
import os, signal
try:
    for _ in range(5000):
        if os.fork() == 0:
            signal.pause()
    result = 'never refused'
except OSError as error:
    result = error.errno
"""
    try:
        assert attacker.ask(source) in {errno.EAGAIN, errno.ENOMEM}
    except ConnectionResetError:
        assert attacker.container.oom_killed()
    assert neighbour.ask("import subprocess; result = subprocess.getoutput('echo alive')") == "alive"


def test_a_fork_bomb_that_never_stops_is_removed(
    attacker: Probe, neighbour: Probe, runner: asyncio.Runner
) -> None:
    attacker.send("import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass")
    assert neighbour.ask("result = sum(range(1_000_000))") == 499_999_500_000
    runner.run(attacker.container.remove())
    assert not os.path.exists(f"/proc/{attacker.container.pid}")


@pytest.mark.parametrize(
    "bomb",
    [
        "held = bytearray(b'x') * 2_000_000_000",
        "held = []\nwhile True:\n    held.append(bytearray(b'x') * 1_000_000)",
        "import mmap; held = mmap.mmap(-1, 2_000_000_000)\nfor n in range(0, 2_000_000_000, 4096):\n    held[n] = 1",
        "out = open('/dev/shm/full', 'wb')\nwhile True:\n    out.write(bytes(1_000_000))",
    ],
)
def test_a_memory_bomb_is_stopped_and_told(attacker: Probe, bomb: str) -> None:
    attacker.send(bomb)
    try:
        attacker.receive()
    except ConnectionResetError:
        assert attacker.container.oom_killed()
    except ProbeError as refused:
        assert refused.name == "MemoryError" or refused.errno == errno.ENOSPC
    else:
        pytest.fail("it was let")


def test_a_full_tmp_is_its_own_trouble(attacker: Probe, neighbour: Probe) -> None:
    source = """
written = 0
with open('/tmp/full', 'wb', buffering=0) as out:
    try:
        while written < 2_000_000_000:
            written += out.write(bytes(1_000_000))
    except OSError as error:
        result = (error.errno, written)
"""
    refused, written = attacker.ask(source)
    assert refused == errno.ENOSPC
    assert 512_000_000 <= written < 600_000_000
    assert neighbour.ask("result = open('/tmp/mine', 'wb').write(bytes(50_000_000))") == 50_000_000


def test_a_tmp_full_of_empty_files_is_its_own_trouble(attacker: Probe, neighbour: Probe) -> None:
    source = """
try:
    for number in range(200_000):
        open(f'/tmp/{number}', 'w').close()
    result = 'never refused'
except OSError as error:
    result = error.errno
"""
    assert attacker.ask(source) == errno.ENOSPC
    assert neighbour.ask("open('/tmp/one-more', 'w').close(); result = 'made'") == "made"


def test_descriptors_run_out_for_itself_only(attacker: Probe, neighbour: Probe) -> None:
    source = """
held = []
try:
    while len(held) < 100_000:
        held.append(open('/dev/null'))
except OSError as error:
    result = (error.errno, len(held))
"""
    refused, opened = attacker.ask(source)
    assert refused == errno.EMFILE
    assert opened < 1024
    assert neighbour.ask("result = len([open('/dev/null') for _ in range(500)])") == 500


def test_limits_cannot_be_raised(attacker: Probe) -> None:
    with pytest.raises(ProbeError):
        attacker.ask("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))")
    with pytest.raises(ProbeError):
        attacker.ask("import os; os.nice(-5)")
    with pytest.raises(ProbeError):
        attacker.ask("import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))")


def test_an_output_flood_that_nobody_reads_blocks_only_itself(
    attacker: Probe, neighbour: Probe, runner: asyncio.Runner
) -> None:
    attacker.send("import os\nwhile True:\n    os.write(1, b'x' * 65536)")
    assert len(attacker.output_until(lambda found: len(found) >= 20_000_000)) >= 20_000_000
    neighbour.ask("print('quiet', flush=True)")
    assert b"quiet" in neighbour.output_until(lambda found: b"quiet" in found)
    runner.run(attacker.container.remove())


def test_a_flood_of_connections_is_bounded(attacker: Probe) -> None:
    source = """
import socket
held, result = [], 'never refused'
for _ in range(900):
    channel = socket.socket(socket.AF_UNIX)
    channel.setblocking(False)
    try:
        channel.connect('/run/functory/s.sock')
    except OSError as error:
        result = error.errno
        break
    held.append(channel)
result = (result, len(held))
"""
    refused, connected = attacker.ask(source)
    assert refused == errno.EAGAIN
    assert connected < 20


def test_a_busy_sandbox_leaves_the_neighbour_its_share(attacker: Probe, neighbour: Probe) -> None:
    attacker.send(
        "import multiprocessing\n"
        "def spin():\n    while True:\n        pass\n"
        "for _ in range(20):\n    multiprocessing.get_context('fork').Process(target=spin, daemon=True).start()\n"
        "result = 'spinning'"
    )
    assert attacker.receive() == "spinning"
    assert neighbour.ask("result = sum(range(3_000_000))") == 4_499_998_500_000
