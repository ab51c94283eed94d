"""The packet filter of one bridge, as a table of its own in nftables: the text of the rules (pure), loading
it, and reading it back. Knows bridges and addresses, no engine.

A table of its own holds whatever the engine does to its chains: at creation of a network it unhooks
DOCKER-USER for a moment, and after a restart it puts its own rules before everybody else's. Its hooks come
before the engine's (priority -10), and a refusal there is final."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from runner.sandbox.kernel.programs import find_program

# Not the internet: this network, private, shared (carrier) space, loopback, link-local with the metadata
# services, protocol assignments, multicast, reserved and broadcast (RFC 6890).
BLOCKED = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
_REJECT = "reject with icmpx type admin-prohibited"
_TIMEOUT_S = 10


class FirewallError(RuntimeError):
    """The rules cannot be loaded or read; the message is for the operator."""


class _Refused(FirewallError):
    """nft ran, and the kernel or nft itself said no."""


@dataclass(frozen=True, slots=True)
class BridgeRules:
    """What may leave through a bridge. `resolvers` are reached at port 53, `allowed` at every port; both are
    IPv4 addresses. An open bridge only keeps its sandboxes from each other."""

    table: str
    bridge: str
    resolvers: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    is_open: bool = False

    def text(self) -> str:
        """A script for `nft -f` that replaces the table in one step."""
        chains = [*self._forward(), *self._input(), *self._exceptions()]
        body = "\n".join(chains)
        name = f"table inet {self.table}"
        return f"{name}\ndelete {name}\n{name} {{\n{body}\n}}\n"

    def _forward(self) -> list[str]:
        refusals = [f"ip daddr {{ {', '.join(BLOCKED)} }} {_REJECT}", f"meta nfproto ipv6 {_REJECT}"]
        leaving = [] if self.is_open else ["jump exceptions", *refusals]
        return [
            "chain forward {",
            "type filter hook forward priority -10; policy accept;",
            f'iifname "{self.bridge}" oifname "{self.bridge}" {_REJECT}',
            f'oifname "{self.bridge}" ct state new {_REJECT}',
            *[f'iifname "{self.bridge}" {rule}' for rule in leaving],
            "}",
        ]

    def _input(self) -> list[str]:
        arriving = [] if self.is_open else ["ct state established,related accept", "jump exceptions", _REJECT]
        return [
            "chain input {",
            "type filter hook input priority -10; policy accept;",
            *[f'iifname "{self.bridge}" {rule}' for rule in arriving],
            "}",
        ]

    def _exceptions(self) -> list[str]:
        rules = []
        if self.resolvers:
            resolvers = ", ".join(self.resolvers)
            rules.append(f"ip daddr {{ {resolvers} }} meta l4proto {{ tcp, udp }} th dport 53 accept")
        if self.allowed:
            rules.append(f"ip daddr {{ {', '.join(self.allowed)} }} accept")
        return ["chain exceptions {", *rules, "}"]


class Firewall:
    """Keeps one bridge's table as it should be."""

    def __init__(self) -> None:
        self._wanted: BridgeRules | None = None
        self._listing = ""

    def hold(self, rules: BridgeRules) -> bool:
        """Load the rules unless they are there unchanged; returns whether they had to be loaded. About 3 ms;
        raises FirewallError."""
        if rules == self._wanted and self._listing and list_table(rules.table) == self._listing:
            return False
        _nft(["-f", "-"], rules.text())
        self._wanted, self._listing = rules, list_table(rules.table)
        if not self._listing:
            raise FirewallError(f"nft loaded table {rules.table} but does not list it")
        return True


def list_table(table: str) -> str:
    """The table as the kernel has it, "" when it is not there; raises FirewallError without nft."""
    try:
        return _nft(["list", "table", "inet", table])
    except _Refused as error:
        if "No such file" in str(error):
            return ""
        raise


def drop_table(table: str) -> None:
    """Remove the table if it is there; raises FirewallError."""
    if list_table(table):
        _nft(["delete", "table", "inet", table])


def _nft(arguments: Sequence[str], script: str = "") -> str:
    program = find_program("nft")
    if program is None:
        raise FirewallError("nft (package nftables) is not installed")
    try:
        ran = subprocess.run(
            [program, *arguments],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FirewallError(f"nft does not run: {error}") from error
    if ran.returncode:
        raise _Refused(f"nft {' '.join(arguments)}: {ran.stderr.strip()}")
    return ran.stdout
