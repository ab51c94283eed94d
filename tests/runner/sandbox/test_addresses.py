"""What is learned about the host's network, from files like the kernel's."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from runner.sandbox.addresses import free_subnet, lookup, resolvers, routes
from runner.sandbox.driver import DriverError

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


def test_routes_are_all_but_the_default(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTES)
    assert routes(tmp_path / "route") == [IPv4Network("172.17.0.0/16"), IPv4Network("192.0.2.0/24")]


@pytest.mark.parametrize("seed", [0, 1, 511, 2**31])
def test_a_subnet_is_private_and_overlaps_nothing(seed: int) -> None:
    taken = [IPv4Network("10.192.0.0/14"), IPv4Network("10.200.4.0/24")]
    found = free_subnet(taken, seed)
    assert found.is_private
    assert found.prefixlen == 22
    assert not any(found.overlaps(network) for network in taken)


def test_when_ten_is_routed_another_room_is_taken() -> None:
    assert free_subnet([IPv4Network("10.0.0.0/8")], 5).subnet_of(IPv4Network("172.16.0.0/12"))


def test_when_all_is_routed_it_says_so() -> None:
    with pytest.raises(DriverError, match="subnet"):
        free_subnet([IPv4Network("0.0.0.0/0")], 0)


def test_the_resolvers_are_those_configured(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text(
        "# local\nsearch example.org\nnameserver 10.0.0.2\nnameserver fd00::2\n"
    )
    assert resolvers(tmp_path / "resolv.conf", tmp_path / "none") == ("10.0.0.2",)


def test_behind_a_local_stub_are_the_real_ones(tmp_path: Path) -> None:
    (tmp_path / "stub").write_text("nameserver 127.0.0.53\n")
    (tmp_path / "real").write_text("nameserver 192.168.1.1\n")
    assert resolvers(tmp_path / "stub", tmp_path / "real") == ("192.168.1.1",)
    assert resolvers(tmp_path / "stub", tmp_path / "none") == ()


def test_names_lead_to_addresses_and_unknown_ones_nowhere() -> None:
    assert lookup(["localhost", "no-such-host.invalid"]) == ("127.0.0.1",)
