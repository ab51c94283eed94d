"""What is learned about the host's network, from files like the kernel's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from runner.sandbox.addresses import AddressRange, free_subnet, lookup, range_of, resolvers, routes
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


def test_each_address_is_taken_once_and_never_the_bridges() -> None:
    addresses = AddressRange(IPv4Network("192.0.2.0/29"), IPv4Address("192.0.2.1"))
    taken = [addresses.take() for _ in range(5)]
    assert sorted(str(one) for one in taken) == [f"192.0.2.{n}/29" for n in range(2, 7)]
    with pytest.raises(DriverError, match="All addresses"):
        addresses.take()
    addresses.give_back(taken[3])
    addresses.give_back(taken[3])
    assert addresses.take() == taken[3]
    with pytest.raises(DriverError, match="All addresses"):
        addresses.take()


def test_an_address_given_back_is_the_last_to_be_taken() -> None:
    addresses = AddressRange(IPv4Network("192.0.2.0/29"), IPv4Address("192.0.2.1"))
    first = addresses.take()
    addresses.give_back(first)
    assert [addresses.take() for _ in range(5)][-1] == first


def test_the_engine_tells_a_networks_addresses() -> None:
    found = range_of(
        {"IPAM": {"Config": [{"Subnet": "fd00::/64"}, {"Subnet": "192.0.2.0/24", "Gateway": "192.0.2.9"}]}}
    )
    assert found is not None
    assert found.gateway == IPv4Address("192.0.2.9")
    without = range_of({"IPAM": {"Config": [{"Subnet": "192.0.2.0/24"}]}})
    assert without is not None
    assert without.gateway == IPv4Address("192.0.2.1")
    assert range_of({"IPAM": None}) is None
