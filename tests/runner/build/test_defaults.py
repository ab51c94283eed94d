"""The tools say themselves where packages come from by default."""

from pathlib import Path

import pytest

from runner.build import defaults
from runner.build.container import BuilderDown
from runner.build.defaults import default_hosts

pytestmark = pytest.mark.docker


def test_each_tool_names_the_hosts_it_uses(config):
    hosts = default_hosts(config.docker_socket)
    assert len(hosts) >= 3  # pip's index and its files, and npm's registry
    assert all("." in host for host in hosts)


def test_without_an_engine_it_is_said():
    with pytest.raises(BuilderDown, match="does not answer"):
        default_hosts(Path("/nonexistent.sock"))


def test_a_builder_that_was_not_made_is_neither_asked_nor_fetched(config, monkeypatch):
    """A registry must never be asked for an image of ours, and one that does not answer broke all builds."""
    monkeypatch.setattr(defaults, "builder_reference", lambda _name: "functory/builder-never-made:1")
    with pytest.raises(LookupError):
        defaults._ask(config.docker_socket, "python3.13", ("true", "never asked before"))


def test_a_tool_that_fails_does_not_stop_the_builds_of_others(config):
    assert defaults._ask(config.docker_socket, "python3.13", ("false",)) == ()
