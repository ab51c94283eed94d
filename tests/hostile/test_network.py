"""Attempts on the network: the host's services, the cloud's metadata, the neighbours."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.probe import Probe, ProbeError

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module", params=["every address", "loopback"])
def service(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of something like the console, the gateway or Redis on this host."""
    address = "0.0.0.0" if request.param == "every address" else "127.0.0.1"
    listener = socket.create_server((address, 0))
    port = int(listener.getsockname()[1])

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.sendall(b"secret")
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    with socket.create_connection(("127.0.0.1", port)) as proof:
        assert proof.recv(6) == b"secret"
    yield port
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def host_addresses() -> list[str]:
    found = subprocess.run(["ip", "-o", "addr"], capture_output=True, text=True, check=True).stdout
    return [line.split()[3].partition("/")[0] for line in found.splitlines()]


def connects(sandbox: Probe, host: str, port: int) -> bool:
    try:
        sandbox.ask(f"import socket; socket.create_connection(({host!r}, {port}), 3).close()")
    except ProbeError:
        return False
    return True


def test_no_service_of_the_host_is_reached(captive: Probe, service: int) -> None:
    reached = [address for address in host_addresses() if connects(captive, address, service)]
    assert reached == []


def test_no_service_of_the_host_is_reached_by_datagram(captive: Probe) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("0.0.0.0", 0))
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        for address in host_addresses():
            if ":" not in address:
                with suppress(ProbeError):
                    captive.ask(
                        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
                        f".sendto(b'hello', ({address!r}, {port}))"
                    )
        with pytest.raises(TimeoutError):
            listener.recv(10)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "metadata.google.internal"],
)
def test_no_metadata_service_is_reached(captive: Probe, address: str) -> None:
    assert not connects(captive, address, 80)


def test_no_neighbour_is_reached(captive: Probe, neighbour: Probe) -> None:
    address = neighbour.ask(
        "import builtins, socket; builtins.kept = socket.create_server(('0.0.0.0', 8080));"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9));"
        "result = s.getsockname()[0]"
    )
    assert neighbour.ask(f"import socket; socket.create_connection(({address!r}, 8080)); result = 1") == 1
    assert not connects(captive, address, 8080)
    assert not connects(captive, "sandbox", 8080)


def test_what_the_gateway_serves_inside_one_is_not_reached_from_another(
    captive: Probe, neighbour: Probe
) -> None:
    with neighbour.container.listen_inside(9001) as listener:
        assert neighbour.ask("import socket; socket.create_connection(('127.0.0.1', 9001)); result = 1") == 1
        assert not connects(captive, "127.0.0.1", 9001)
        listener.accept()[0].close()
