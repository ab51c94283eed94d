"""The rules as text, and as the kernel takes them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from runner.sandbox import firewall
from runner.sandbox.firewall import BLOCKED, BridgeRules, Firewall, FirewallError, drop_table, list_table

RULES = BridgeRules("functory_test_rules", "ft-test", ("10.255.255.53",))


def test_everything_that_is_not_the_internet_is_refused() -> None:
    text = RULES.text()
    for network in BLOCKED:
        assert network in text
    assert 'iifname "ft-test" meta nfproto ipv6 reject' in text


def test_nothing_but_answers_and_exceptions_reaches_the_host() -> None:
    chain = RULES.text().partition("chain input {")[2].partition("}")[0].strip().splitlines()
    assert chain == [
        "type filter hook input priority -10; policy accept;",
        'iifname "ft-test" ct state established,related accept',
        'iifname "ft-test" jump exceptions',
        'iifname "ft-test" reject with icmpx type admin-prohibited',
    ]


def test_the_resolver_is_reached_at_its_port_only() -> None:
    assert "ip daddr { 10.255.255.53 } meta l4proto { tcp, udp } th dport 53 accept" in RULES.text()


def test_without_a_resolver_there_is_no_exception() -> None:
    assert "accept" not in BridgeRules("t", "b").text().partition("chain exceptions {")[2]


def test_builders_may_reach_exactly_what_they_were_allowed() -> None:
    text = BridgeRules("t", "b", allowed=("10.1.2.3",)).text()
    assert "ip daddr { 10.1.2.3 } accept" in text
    assert "10.1.2.3" not in RULES.text()


def test_an_open_bridge_only_keeps_its_sandboxes_apart() -> None:
    text = BridgeRules("t", "b", is_open=True).text()
    assert 'iifname "b" oifname "b" reject' in text
    assert "10.0.0.0/8" not in text


@pytest.fixture
def table() -> Iterator[str]:
    if os.geteuid() != 0 or shutil.which("nft") is None:
        pytest.skip("needs root and nft")
    yield RULES.table
    drop_table(RULES.table)


def test_rules_are_loaded_once_and_put_back_when_gone(table: str) -> None:
    held = Firewall()
    assert list_table(table) == ""
    assert held.hold(RULES)
    listing = list_table(table)
    assert "ft-test" in listing
    assert not held.hold(RULES)
    drop_table(table)
    assert held.hold(RULES)
    assert list_table(table) == listing


def test_rules_that_somebody_changed_are_put_back(table: str) -> None:
    held = Firewall()
    held.hold(RULES)
    listing = list_table(table)
    firewall._nft(["flush", "chain", "inet", table, "forward"])
    assert list_table(table) != listing
    assert held.hold(RULES)
    assert list_table(table) == listing


def test_other_rules_replace_the_old_ones(table: str) -> None:
    held = Firewall()
    held.hold(RULES)
    assert held.hold(BridgeRules(RULES.table, RULES.bridge, ("192.0.2.53",)))
    assert "192.0.2.53" in list_table(table)
    assert "10.255.255.53" not in list_table(table)


def test_rules_that_the_kernel_refuses_are_an_error(table: str) -> None:
    with pytest.raises(FirewallError, match="nft"):
        Firewall().hold(BridgeRules(table, "b", ("not an address",)))
    assert list_table(table) == ""


def test_a_host_without_nft_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewall, "find_program", lambda _name: None)
    with pytest.raises(FirewallError, match="nftables"):
        list_table("functory_test_rules")
