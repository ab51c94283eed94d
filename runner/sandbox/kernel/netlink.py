"""Interfaces, addresses and routes by the kernel's route netlink: the few requests that a sandbox's network needs,
as rtnetlink(7) and linux/if_link.h describe them. Knows no sandbox; speaks of the namespace that it was opened in."""

from __future__ import annotations

import os
import socket
import struct
from ipaddress import IPv4Address, IPv4Interface
from types import TracebackType

_NEWLINK, _DELLINK, _NEWADDR, _NEWROUTE = 16, 17, 20, 24
_REQUEST, _ACKNOWLEDGE, _CREATE, _EXCLUSIVE = 0x1, 0x4, 0x400, 0x200
_NESTED = 0x8000
_UP = 0x1
# IFLA_...: attributes of a link, and those nested in them.
_ADDRESS, _NAME, _MTU, _MASTER, _LINKINFO, _NAMESPACE = 1, 3, 4, 10, 18, 28
_KIND, _DATA, _SLAVE_KIND, _SLAVE_DATA = 1, 2, 4, 5
_PEER, _ISOLATED = 1, 33
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_OIF, _RTA_GATEWAY = 4, 5
_HEADER, _LINK = struct.Struct("=IHHII"), struct.Struct("=BxHiII")
_ANSWER = 65536


class Netlink:
    """One socket; each request waits for the kernel's acknowledgement and raises its OSError. A context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
        )
        self._socket.bind((0, 0))
        self._number = 0

    def __enter__(self) -> Netlink:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def add_pair(self, name: str, mtu: int, bridge: int, inside: str, address: bytes, namespace: int) -> None:
        """A pair of connected interfaces: one here, up and a port of the bridge (its index), the other, with a
        hardware address, in the namespace that the descriptor stands for."""
        peer = _link() + _text(_NAME, inside) + _number(_MTU, mtu) + _attribute(_ADDRESS, address)
        peer += _number(_NAMESPACE, namespace)
        pair = _text(_KIND, "veth") + _attribute(_DATA, _attribute(_PEER, peer))
        body = (
            _link(flags=_UP, change=_UP) + _text(_NAME, name) + _number(_MTU, mtu) + _number(_MASTER, bridge)
        )
        self._ask(_NEWLINK, _CREATE | _EXCLUSIVE, body + _attribute(_LINKINFO | _NESTED, pair))

    def add_loose_pair(self, name: str, other: str) -> None:
        """A pair of connected interfaces, both here, both down."""
        pair = _text(_KIND, "veth") + _attribute(_DATA, _attribute(_PEER, _link() + _text(_NAME, other)))
        body = _link() + _text(_NAME, name) + _attribute(_LINKINFO | _NESTED, pair)
        self._ask(_NEWLINK, _CREATE | _EXCLUSIVE, body)

    def isolate(self, index: int) -> None:
        """A bridge passes nothing between this port and others that are isolated too."""
        data = _attribute(_SLAVE_DATA | _NESTED, _attribute(_ISOLATED, b"\x01"))
        self._ask(
            _NEWLINK, 0, _link(index) + _attribute(_LINKINFO | _NESTED, _text(_SLAVE_KIND, "bridge") + data)
        )

    def remove(self, index: int) -> None:
        """Take an interface away, and with it the other end of its pair."""
        self._ask(_DELLINK, 0, _link(index))

    def raise_up(self, index: int) -> None:
        """Begin to use an interface."""
        self._ask(_NEWLINK, 0, _link(index, _UP, _UP))

    def add_address(self, index: int, interface: IPv4Interface) -> None:
        """Give an interface an address in its network."""
        head = struct.pack("=BBBBi", socket.AF_INET, interface.network.prefixlen, 0, 0, index)
        packed = interface.ip.packed
        body = head + _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
        self._ask(_NEWADDR, _CREATE | _EXCLUSIVE, body)

    def add_default_route(self, index: int, gateway: IPv4Address) -> None:
        """Send what goes elsewhere to a gateway."""
        table, static, universe, unicast = 254, 4, 0, 1
        head = struct.pack("=8BI", socket.AF_INET, 0, 0, 0, table, static, universe, unicast, 0)
        body = head + _attribute(_RTA_GATEWAY, gateway.packed) + _number(_RTA_OIF, index)
        self._ask(_NEWROUTE, _CREATE | _EXCLUSIVE, body)

    def _ask(self, kind: int, flags: int, body: bytes) -> None:
        self._number += 1
        flags |= _REQUEST | _ACKNOWLEDGE
        self._socket.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, self._number, 0) + body)
        answer = self._socket.recv(_ANSWER)
        number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        if number:
            raise OSError(number, f"netlink: {os.strerror(number)}")


def _link(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    return _LINK.pack(socket.AF_UNSPEC, 0, index, flags, change)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("=I", value))
