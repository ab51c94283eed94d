"""What sandboxes and builders can reach: one bridge network per mode, and the packet filter that holds for
it. Knows networks and rules; neither functions nor the life of containers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.types import IPAMConfig, IPAMPool
from requests.exceptions import RequestException

from functions.config import Config
from functions.states import NetworkMode
from runner.sandbox.addresses import AddressRange, Network, free_subnet, lookup, range_of, resolvers, routes
from runner.sandbox.driver import DriverError
from runner.sandbox.engine.options import INSTANCE_LABEL
from runner.sandbox.engine.words import engine_words
from runner.sandbox.firewall import BridgeRules, Firewall, FirewallError, drop_table, list_table
from runner.sandbox.kernel.wires import Wire

_RECHECK_S = 5.0
_BUILD = "build"
# Who makes networks takes them down: the gateway those of sandboxes, the workers that of builders.
SANDBOX_NETWORKS: tuple[str, ...] = (NetworkMode.INTERNET, NetworkMode.OPEN)
BUILDER_NETWORKS: tuple[str, ...] = (_BUILD,)
# What makes bridge names: an interface's name has at most 15 characters.
_LETTERS = {NetworkMode.INTERNET: "fi", NetworkMode.OPEN: "fo", _BUILD: "fb"}


@dataclass(slots=True)
class _Bridge:
    """One network of this installation and when its rules were last seen to hold."""

    name: str
    interface: str
    table: str
    firewall: Firewall = field(default_factory=Firewall)
    checked: float = float("-inf")
    range: AddressRange | None = None


class Egress:
    """Makes networks when they are first asked for and keeps their rules in force. Safe from several threads;
    blocking, so not for the event loop."""

    def __init__(self, config: Config, client: docker.DockerClient) -> None:
        self._instance = config.instance
        self._client = client
        self._lock = threading.Lock()
        self._allowed: tuple[str, ...] = ()
        self._closed = False
        self._bridges = {mode: self._bridge(mode) for mode in _LETTERS}
        self.reason = "" if os.geteuid() == 0 else "not root: no packet filter can be loaded"

    def network(self, mode: str) -> str:
        """The engine's network for a mode, with its rules in force; raises DriverError, so that no sandbox
        starts unfiltered where a filter could be loaded."""
        if mode == NetworkMode.NONE:
            return "none"
        return self._ready(str(mode))

    def wire(self, mode: str) -> Wire | None:
        """A place on the mode's network, to be given back when its sandbox is gone; None where there is to be no
        network. Its rules are in force; raises DriverError."""
        if mode == NetworkMode.NONE:
            return None
        self._ready(str(mode))
        bridge = self._bridges[mode]
        with self._lock:
            if bridge.range is None:
                raise DriverError(f"The engine tells no addresses of network {bridge.name}")
            return Wire(bridge.interface, bridge.range.take(), bridge.range.gateway)

    def give_back(self, wire: Wire) -> None:
        """The sandbox at that place is gone."""
        with self._lock:
            for bridge in self._bridges.values():
                if bridge.range is not None and bridge.interface == wire.bridge:
                    bridge.range.give_back(wire.interface)

    def builder_network(self, index_hosts: Sequence[str]) -> str:
        """The network for builders: as for functions, and beyond that exactly the addresses that the package
        indexes lead to, which may be private ones (a mirror, an inspecting proxy). Raises DriverError."""
        allowed = lookup(index_hosts)
        with self._lock:
            if allowed != self._allowed:
                self._allowed = allowed
                self._bridges[_BUILD].checked = float("-inf")
        return self._ready(_BUILD)

    def keep(self) -> None:
        """Put back what has gone missing, for every network in use; call it every few seconds."""
        for mode, bridge in self._bridges.items():
            if bridge.checked > float("-inf"):
                bridge.checked = 0.0
                self._ready(mode)

    def close(self, modes: Sequence[str]) -> None:
        """Take them down and make none any more: a thread that was about to, for a sandbox that nobody waits for
        or to put back what has gone missing, would leave one behind."""
        with self._lock:
            self._closed = True
        self.remove(modes)

    def remove(self, modes: Sequence[str] = (*SANDBOX_NETWORKS, *BUILDER_NETWORKS)) -> None:
        """Take down this installation's networks of these kinds, and their rules, but those that a container
        still uses. Best effort: they are made again when needed."""
        for bridge in (self._bridges[mode] for mode in modes):
            with self._lock, suppress(DockerException, RequestException, FirewallError, DriverError):
                if self._exists(bridge):
                    self._client.api.remove_network(bridge.name)
                if not self.reason:
                    drop_table(bridge.table)
                bridge.checked = float("-inf")
                bridge.range = None

    def read_back(self) -> list[str]:
        """The rules as the kernel has them now, one per line, for the Security page."""
        if self.reason:
            return []
        try:
            listings = [list_table(bridge.table) for bridge in self._bridges.values()]
        except FirewallError:
            return []
        return [line.strip() for listing in listings for line in listing.splitlines() if line.strip() != "}"]

    def _ready(self, mode: str) -> str:
        bridge = self._bridges[mode]
        with self._lock:
            if self._closed:
                raise DriverError("The networks are being taken down.")
            if time.monotonic() - bridge.checked > _RECHECK_S:
                self._make_network(bridge)
                self._hold(mode, bridge)
                bridge.checked = time.monotonic()
        return bridge.name

    def _hold(self, mode: str, bridge: _Bridge) -> None:
        if self.reason:
            return
        allowed = self._allowed if mode == _BUILD else ()
        is_open = mode == NetworkMode.OPEN
        try:
            bridge.firewall.hold(BridgeRules(bridge.table, bridge.interface, resolvers(), allowed, is_open))
        except FirewallError as error:
            raise DriverError(
                f"The rules of network {bridge.name} cannot be put in force: {error}"
            ) from error

    def _bridge(self, mode: str) -> _Bridge:
        suffix = "" if mode == NetworkMode.INTERNET else f"-{mode}"
        return _Bridge(
            name=f"functory-{self._instance}{suffix}",
            interface=f"{_LETTERS[mode]}-{self._instance}",
            table=f"functory_{self._instance}_{mode}",
        )

    def _make_network(self, bridge: _Bridge) -> None:
        try:
            if not self._exists(bridge):
                self._create(bridge)
                self._exists(bridge)
        except (DockerException, RequestException) as error:
            raise DriverError(
                engine_words(error, doing=f"The engine cannot make network {bridge.name}")
            ) from error

    def _exists(self, bridge: _Bridge) -> bool:
        try:
            found: dict[str, Any] = self._client.api.inspect_network(bridge.name)
        except NotFound:
            return False
        if (found.get("Labels") or {}).get(INSTANCE_LABEL) != self._instance:
            raise DriverError(f"Network {bridge.name} exists and was not made by this installation")
        if bridge.range is None:
            bridge.range = range_of(found)
        return True

    def _create(self, bridge: _Bridge) -> None:
        subnet = str(free_subnet(self._taken(), int(self._instance, 16) + len(bridge.name)))
        try:
            self._client.api.create_network(
                bridge.name,
                driver="bridge",
                options={
                    "com.docker.network.bridge.name": bridge.interface,
                    "com.docker.network.bridge.enable_icc": "false",
                },
                ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)]),
                check_duplicate=True,
                labels={INSTANCE_LABEL: self._instance},
                enable_ipv6=False,
            )
        except APIError as error:
            # Another process of this installation may have been quicker.
            if "already exists" not in str(error):
                raise

    def _taken(self) -> list[Network]:
        """Routes, the engine's other networks (also those without a container yet), and the resolver."""
        taken = routes() + [Network(f"{address}/32") for address in resolvers()]
        for network in self._client.api.networks():
            for pool in (network.get("IPAM") or {}).get("Config") or []:
                if ":" not in pool.get("Subnet", ":"):
                    taken.append(Network(pool["Subnet"]))
        return taken
