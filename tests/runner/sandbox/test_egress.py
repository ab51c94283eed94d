"""Which addresses sandboxes of each network mode reach, tried from inside, with what must fail beside what
must work."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from functions.config import Config
from runner.sandbox import egress as module
from runner.sandbox.docker_driver import DockerDriver, connect
from runner.sandbox.driver import DriverError
from runner.sandbox.egress import Egress
from runner.sandbox.firewall import drop_table, list_table
from tests.support.probe import Probe, ProbeError
from tests.support.sandboxes import Sandboxes

pytestmark = pytest.mark.docker

CONNECT = """
import socket
with socket.create_connection(({host!r}, {port}), 3) as channel:
    result = channel.recv(5).decode()
"""


class Service:
    """A listener on every address of this host that greets whoever connects."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("0.0.0.0", 0), backlog=16)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.sendall(b"hello")
                connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


def addresses_of_this_host() -> list[str]:
    found = subprocess.run(["ip", "-4", "-o", "addr"], capture_output=True, text=True, check=True).stdout
    return [line.split()[3].partition("/")[0] for line in found.splitlines()]


def gateway_of(config: Config, suffix: str = "") -> str:
    client = connect(config)
    found = client.api.inspect_network(f"functory-{config.instance}{suffix}")
    client.close()
    return str(ipaddress.ip_network(found["IPAM"]["Config"][0]["Subnet"])[1])


def reach(sandbox: Probe, host: str, port: int) -> str:
    return str(sandbox.ask(CONNECT.format(host=host, port=port)))


def test_a_function_reaches_no_address_of_this_host(
    made: Sandboxes, service: Service, sandbox_config: Config
) -> None:
    sandbox = made.make("internet")
    outside = [a for a in addresses_of_this_host() if not a.startswith("127.")]
    assert gateway_of(sandbox_config) in outside
    for address in outside:
        with pytest.raises(ProbeError):
            reach(sandbox, address, service.port)


def test_an_open_function_reaches_this_host(
    made: Sandboxes, service: Service, sandbox_config: Config
) -> None:
    sandbox = made.make("open")
    assert reach(sandbox, gateway_of(sandbox_config, "-open"), service.port) == "hello"


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "224.0.0.1", "0.0.0.0"],
)
def test_a_function_reaches_nothing_private(made: Sandboxes, address: str) -> None:
    sandbox = made.make("internet")
    with pytest.raises(ProbeError) as refused:
        reach(sandbox, address, 80)
    assert refused.value.name != "TimeoutError", "refused at once, not by silence"


def test_a_function_without_network_reaches_nothing(made: Sandboxes) -> None:
    sandbox = made.make("none")
    with pytest.raises(ProbeError, match="unreachable"):
        reach(sandbox, "192.0.2.1", 80)


@pytest.mark.parametrize("mode", ["internet", "open"])
def test_sandboxes_do_not_reach_each_other(made: Sandboxes, mode: str) -> None:
    listening, calling = made.make(mode), made.make(mode)
    listening.ask("import builtins, socket; builtins.kept = socket.create_server(('0.0.0.0', 8080))")
    address = listening.ask(
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9));"
        "result = s.getsockname()[0]"
    )
    with pytest.raises(ProbeError):
        reach(calling, address, 8080)


def test_names_are_resolved_and_the_resolver_is_reached_at_no_other_port(made: Sandboxes) -> None:
    resolvers = module.resolvers()
    if not resolvers:
        pytest.skip("this host has no IPv4 resolver of its own")
    sandbox = made.make("internet")
    query = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(10);"
        "s.sendto(b'\\x12\\x34\\x01\\x00\\x00\\x01' + bytes(6) + b'\\x07example\\x03com\\x00\\x00\\x01\\x00\\x01',"
        f"({resolvers[0]!r}, 53)); result = s.recv(512)[:2].hex()"
    )
    assert sandbox.ask(query) == "1234"
    with pytest.raises(ProbeError):
        reach(sandbox, resolvers[0], 54)


def test_no_packet_leaves_by_ipv6(made: Sandboxes, driver: DockerDriver) -> None:
    sandbox = made.make("internet")
    with pytest.raises(ProbeError):
        sandbox.ask("import socket; socket.create_connection(('2001:db8::1', 80), 3)")
    assert any("nfproto ipv6 reject" in line for line in driver.egress.read_back())


def test_an_engines_new_network_opens_no_gap(
    made: Sandboxes, service: Service, sandbox_config: Config
) -> None:
    """While it makes one, the engine takes its hooks out and puts its own rules first."""
    sandbox = made.make("internet")
    gateway = gateway_of(sandbox_config)
    client = connect(sandbox_config)
    stop = threading.Event()
    names = [f"functory-test-{sandbox_config.instance}-{number}" for number in range(3)]

    def churn() -> None:
        for name in names:
            client.api.create_network(name)
        for name in names:
            client.api.remove_network(name)
        stop.set()

    worker = threading.Thread(target=churn)
    worker.start()
    tries = 0
    while not stop.is_set():
        with pytest.raises(ProbeError):
            reach(sandbox, gateway, service.port)
        tries += 1
    worker.join()
    client.close()
    assert tries > 1


def test_rules_that_have_gone_are_put_back(
    made: Sandboxes, driver: DockerDriver, service: Service, sandbox_config: Config
) -> None:
    sandbox = made.make("internet")
    gateway, table = gateway_of(sandbox_config), f"functory_{sandbox_config.instance}_internet"
    drop_table(table)
    assert reach(sandbox, gateway, service.port) == "hello", "the test's own door is open without rules"
    driver.egress.keep()
    assert list_table(table)
    with pytest.raises(ProbeError):
        reach(sandbox, gateway, service.port)


def test_a_network_that_has_gone_is_made_again(sandbox_config: Config) -> None:
    client = connect(sandbox_config)
    egress = Egress(sandbox_config, client)
    name = egress.network("open")
    client.api.remove_network(name)
    egress.keep()
    assert client.api.inspect_network(name)["Name"] == name
    egress.remove()
    client.close()


def test_once_closed_none_is_made_any_more(sandbox_config: Config) -> None:
    client = connect(sandbox_config)
    egress = Egress(sandbox_config, client)
    name = egress.network("internet")
    egress.close(("internet",))
    with pytest.raises(DriverError, match="being taken down"):
        egress.network("internet")
    with pytest.raises(DriverError, match="being taken down"):
        egress._ready("internet")  # as `keep` calls it that was under way
    assert name not in [network.name for network in client.networks.list()]
    client.close()


def test_a_network_of_somebody_else_is_not_used(sandbox_config: Config) -> None:
    client = connect(sandbox_config)
    egress = Egress(sandbox_config, client)
    name = f"functory-{sandbox_config.instance}-build"
    client.api.create_network(name)
    try:
        with pytest.raises(DriverError, match="not made by this installation"):
            egress.builder_network([])
    finally:
        client.api.remove_network(name)
    client.close()


def test_builders_reach_exactly_the_private_addresses_of_their_indexes(
    sandbox_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(sandbox_config)
    egress = Egress(sandbox_config, client)
    monkeypatch.setattr(module, "lookup", lambda names: ("10.1.2.3",) if "mirror.internal" in names else ())
    egress.builder_network(["mirror.internal"])
    assert "ip daddr 10.1.2.3 accept" in egress.read_back()
    egress.builder_network(["elsewhere"])
    assert "ip daddr 10.1.2.3 accept" not in egress.read_back()
    egress.remove()
    assert egress.read_back() == []
    client.close()


def test_networks_are_gone_when_the_driver_is_closed(sandbox_config: Config, runner: asyncio.Runner) -> None:
    from tests.support import probe, sandboxes

    with sandboxes.sandbox_config() as config:
        driver = sandboxes.docker_driver(config, probe.COMMAND)
        lone = Sandboxes(driver, runner).make("internet")
        lone.close()
        runner.run(driver.close())
        assert not config.sandboxes.exists()
        client = connect(config)
        assert client.api.networks(names=[f"functory-{config.instance}"]) == []
        client.close()
        assert list_table(f"functory_{config.instance}_internet") == ""
