"""Facts about this host's network that the networks of sandboxes depend on: routes in use, a subnet that is
free, the resolver, and where names lead. Reads only."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.sandbox.driver import DriverError

Network = ipaddress.IPv4Network
_ROOMS = (Network("10.192.0.0/11"), Network("172.16.0.0/12"), Network("192.168.0.0/16"))
# A Linux bridge takes 1,023 ports, so more addresses than a /22 has are of no use.
_PREFIX = 22


class AddressRange:
    """The addresses of a bridge's network that sandboxes may have; its first is the bridge's own. One that was given
    back is the last to be taken again, since others may remember who had it."""

    def __init__(self, network: Network, gateway: ipaddress.IPv4Address) -> None:
        self.gateway = gateway
        self._network = network
        self._free = deque(address for address in network.hosts() if address != gateway)
        self._free.rotate(-secrets.randbelow(len(self._free)))

    def take(self) -> ipaddress.IPv4Interface:
        """An address that nobody has; raises DriverError."""
        if not self._free:
            raise DriverError(f"All addresses of {self._network} are in use")
        return ipaddress.IPv4Interface((self._free.popleft(), self._network.prefixlen))

    def give_back(self, interface: ipaddress.IPv4Interface) -> None:
        """Nobody has it any more. One of another network is not taken."""
        if interface.ip in self._network and interface.ip not in self._free:
            self._free.append(interface.ip)


def range_of(network: Mapping[str, Any]) -> AddressRange | None:
    """The addresses of a network as the engine describes it; None when it does not say."""
    for pool in (network.get("IPAM") or {}).get("Config") or []:
        subnet = pool.get("Subnet", "")
        if subnet and ":" not in subnet:
            known = Network(subnet)
            return AddressRange(known, ipaddress.IPv4Address(pool.get("Gateway") or str(known[1])))
    return None


def routes(table: Path = Path("/proc/net/route")) -> list[Network]:
    """The networks that this host routes somewhere, but for the default route."""
    found = []
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        destination, mask = (_address(fields[column]) for column in (1, 7))
        if mask != "0.0.0.0":  # noqa: S104 - the mask of the default route
            found.append(Network(f"{destination}/{mask}"))
    return found


def free_subnet(taken: Sequence[Network], seed: int) -> Network:
    """A /22 of private space that overlaps nothing taken; the seed spreads installations. DriverError when
    all private space is routed."""
    for room in _ROOMS:
        candidates = list(room.subnets(new_prefix=_PREFIX))
        start = seed % len(candidates)
        for candidate in candidates[start:] + candidates[:start]:
            if not any(candidate.overlaps(network) for network in taken):
                return candidate
    raise DriverError("No private subnet is free for the sandboxes' network")


def resolvers(
    configured: Path = Path("/etc/resolv.conf"), behind: Path = Path("/run/systemd/resolve/resolv.conf")
) -> tuple[str, ...]:
    """The IPv4 name servers that the engine hands to containers: those configured, or those behind
    systemd-resolved's stub, which no container can reach."""
    for path in (configured, behind):
        found = tuple(address for address in _name_servers(path) if not address.is_loopback)
        if found:
            return tuple(map(str, found))
    return ()


def lookup(names: Iterable[str]) -> tuple[str, ...]:
    """The IPv4 addresses that names lead to, sorted; names that lead nowhere are left out."""
    found: set[str] = set()
    for name in names:
        try:
            answers = socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)
        except OSError:
            continue
        found.update(str(answer[4][0]) for answer in answers)
    return tuple(sorted(found))


def _address(little_endian_hex: str) -> str:
    return socket.inet_ntoa(struct.pack("<I", int(little_endian_hex, 16)))


def _name_servers(path: Path) -> Iterator[ipaddress.IPv4Address]:
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        fields = line.split()
        if len(fields) > 1 and fields[0] == "nameserver" and ":" not in fields[1]:
            yield ipaddress.IPv4Address(fields[1])
