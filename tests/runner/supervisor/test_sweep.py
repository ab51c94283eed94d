"""What killed processes leave on the engine and in the kernel goes by one sweep; what others have stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from functions.config import Config
from runner.build.container import BUILD_LABEL
from runner.sandbox.egress import Egress
from runner.sandbox.engine.options import INSTANCE_LABEL
from runner.sandbox.firewall import list_table
from runner.sandbox.spec import PoolKey
from runner.supervisor.sweep import sweep
from tests.support import probe, sandboxes
from tests.support.sandbox_fixtures import runner

__all__ = ["runner"]
pytestmark = pytest.mark.docker


@pytest.fixture
def killed(runner: asyncio.Runner) -> Iterator[Config]:
    """An installation whose gateway and worker were killed: two sandboxes, a builder, and their networks."""
    with sandboxes.sandbox_config() as config:
        driver = sandboxes.docker_driver(config, probe.COMMAND)
        for network in ("internet", "none"):
            runner.run(driver.create(PoolKey(sandboxes.RUNTIME, network)))
        client = docker.DockerClient(base_url=f"unix://{config.docker_socket}")
        start_builder(client, config)
        yield config
        sweep(config)
        runner.run(driver.close())
        client.close()


def start_builder(client: docker.DockerClient, config: Config) -> None:
    client.containers.run(
        sandboxes.image_of(sandboxes.RUNTIME),
        entrypoint=["python3", "-c", "import time; time.sleep(600)"],
        labels={INSTANCE_LABEL: config.instance, BUILD_LABEL: "k" * 64},
        network=Egress(config, client).builder_network([]),
        detach=True,
    )


def left(config: Config) -> list[str]:
    """By name, sorted: containers, networks, tables and directories of an installation."""
    client = docker.DockerClient(base_url=f"unix://{config.docker_socket}")
    networks = client.networks.list(filters={"label": f"{INSTANCE_LABEL}={config.instance}"})
    client.close()
    tables = [f"functory_{config.instance}_{mode}" for mode in ("internet", "open", "build")]
    found = [
        *sandboxes.containers_of(config),
        *(str(network.name) for network in networks),
        *(table for table in tables if list_table(table)),
        *(str(path) for path in config.sandboxes.glob("*")),
    ]
    return sorted(found)


def test_everything_of_an_installation_goes_by_one_sweep(killed: Config) -> None:
    assert len(left(killed)) == 3 + 2 + 2 + 2
    assert sweep(killed) == ["Removed 3 containers that a killed process had left."]
    assert left(killed) == []
    assert not killed.sandboxes.exists()
    assert sweep(killed) == []


def test_another_installation_is_left_alone(killed: Config) -> None:
    before = left(killed)
    with sandboxes.sandbox_config() as other:
        assert sweep(other) == []
    assert left(killed) == before


def test_without_the_engine_it_says_so_and_does_not_fail(killed: Config) -> None:
    notes = sweep(replace(killed, docker_socket=Path("/nowhere/docker.sock")))
    assert len(notes) == 1
    assert "could not be removed" in notes[0]
