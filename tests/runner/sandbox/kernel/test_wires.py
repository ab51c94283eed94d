"""A wire between a process's network namespace and a bridge, without any engine."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from runner.sandbox.kernel.namespaces import NamespaceThread
from runner.sandbox.kernel.wires import Wire, plug, refusal
from tests.support.stack import wait_for

BRIDGE = "functest0"
WIRE = Wire(BRIDGE, IPv4Interface("198.51.100.7/24"), IPv4Address("198.51.100.1"))


@pytest.fixture
def bridge(thread: NamespaceThread) -> Iterator[str]:
    if refusal():
        pytest.skip(refusal())
    ip("link", "add", BRIDGE, "mtu", "1400", "type", "bridge")
    ip("address", "add", "198.51.100.1/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")
    yield BRIDGE
    ip("link", "delete", BRIDGE)


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def inside(inmate: subprocess.Popen[str], *words: str) -> str:
    command = ["nsenter", "--net", "--target", str(inmate.pid), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def ports() -> list[str]:
    return [path.name for path in Path(f"/sys/class/net/{BRIDGE}/brif").iterdir()]


def test_both_ends_reach_each_other_and_what_is_beyond(
    bridge: str, thread: NamespaceThread, inmate: subprocess.Popen[str], pidfd: int
) -> None:
    plug(thread, inmate.pid, pidfd, WIRE)
    told = inside(inmate, "ip", "address", "show", "eth0")
    assert "inet 198.51.100.7/24" in told
    assert "mtu 1400" in told
    assert "02:42:c6:33:64:07" in told
    assert "inet6" not in told
    assert "default via 198.51.100.1" in inside(inmate, "ip", "route")
    with socket.create_server(("198.51.100.1", 0)) as listener:
        port = listener.getsockname()[1]
        program = (
            f"import socket; print(socket.create_connection(('198.51.100.1', {port}), 9).getsockname()[0])"
        )
        assert inside(inmate, sys.executable, "-c", program) == "198.51.100.7\n"
    assert "isolated on" in ip("-details", "link", "show", ports()[0])


def test_it_goes_with_its_namespace(
    bridge: str, thread: NamespaceThread, inmate: subprocess.Popen[str], pidfd: int
) -> None:
    plug(thread, inmate.pid, pidfd, WIRE)
    assert len(ports()) == 1
    inmate.kill()
    inmate.wait()
    wait_for("its end on the bridge is gone", lambda: not ports(), 20)


def test_one_that_cannot_be_configured_leaves_nothing(
    bridge: str, thread: NamespaceThread, inmate: subprocess.Popen[str], pidfd: int
) -> None:
    with pytest.raises(OSError, match="netlink"):
        plug(thread, inmate.pid, pidfd, replace(WIRE, gateway=IPv4Address("203.0.113.1")))
    wait_for("nothing is left on the bridge", lambda: not ports(), 20)
    with pytest.raises(OSError, match="no interface"):
        plug(thread, inmate.pid, pidfd, replace(WIRE, bridge="functest1"))
