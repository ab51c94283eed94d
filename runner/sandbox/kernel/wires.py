"""A sandbox's wire to its bridge, put in by ourselves: the engine takes a hundred milliseconds for its own, and
holds a lock meanwhile; this takes one. Knows bridges and namespaces, no rules."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from runner.sandbox.kernel.namespaces import NamespaceThread
from runner.sandbox.kernel.netlink import Netlink

INSIDE = "eth0"
_NO_IPV6 = Path("/proc/sys/net/ipv6/conf") / INSIDE / "disable_ipv6"


@dataclass(frozen=True, slots=True)
class Wire:
    """Where a sandbox is on a bridge: its address, and the bridge's own, which leads elsewhere."""

    bridge: str
    interface: IPv4Interface
    gateway: IPv4Address

    @property
    def hardware(self) -> bytes:
        """Made of the address, so that neighbours who remember the one know the other."""
        return b"\x02\x42" + self.interface.ip.packed


def plug(thread: NamespaceThread, pid: int, pidfd: int, wire: Wire) -> None:
    """Put the wire into the network namespace of a process; raises OSError, leaving nothing. It goes with the
    namespace. The process must be held by the pidfd: then the pid is nobody else's."""
    bridge = socket.if_nametoindex(wire.bridge)
    mtu = int((Path("/sys/class/net") / wire.bridge / "mtu").read_text())
    outside = f"f{secrets.token_hex(5)}"
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        with Netlink() as netlink:
            netlink.add_pair(outside, mtu, bridge, INSIDE, wire.hardware, namespace)
            index = socket.if_nametoindex(outside)
            try:
                netlink.isolate(index)
                thread.in_network(pidfd, lambda: _configure(wire)).result()
            except OSError:
                netlink.remove(index)
                raise
    finally:
        os.close(namespace)


def refusal() -> str:
    """Why this host lets us put in no wires, "" if it does: found out by making a pair that goes nowhere."""
    try:
        with Netlink() as netlink:
            name, other = (f"f{secrets.token_hex(5)}" for _ in range(2))
            netlink.add_loose_pair(name, other)
            netlink.remove(socket.if_nametoindex(name))
    except OSError as error:
        return f"no network interfaces can be made: {error}"
    return ""


def _configure(wire: Wire) -> None:
    """Inside. The address is IPv4 alone, as the engine's are."""
    index = socket.if_nametoindex(INSIDE)
    with suppress(OSError):  # a kernel without IPv6
        _NO_IPV6.write_text("1")
    with Netlink() as netlink:
        netlink.add_address(index, wire.interface)
        netlink.raise_up(index)
        netlink.add_default_route(index, wire.gateway)
