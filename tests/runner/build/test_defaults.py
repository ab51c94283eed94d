"""The tools say themselves where packages come from by default."""

from pathlib import Path

import pytest

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
