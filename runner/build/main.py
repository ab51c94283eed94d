"""Wires a builder: the engine, the code store, the host's index configuration, and the network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException

from functions.artifacts import Store
from functions.config import Config
from runner.build.builder import Builder
from runner.build.container import BuilderDown
from runner.build.defaults import default_hosts
from runner.build.indexes import Indexes, read_indexes
from runner.images.trust import proxy_environment
from runner.sandbox.driver import DriverError
from runner.sandbox.egress import Egress


@contextmanager
def engine(config: Config) -> Iterator[docker.DockerClient]:
    """A connection to the engine; raises BuilderDown."""
    try:
        client = docker.DockerClient(base_url=f"unix://{config.docker_socket}", version="auto", timeout=120)
    except DockerException as error:
        raise BuilderDown(f"The Docker engine does not answer: {error}") from error
    try:
        yield client
    finally:
        client.close()


@contextmanager
def open_builder(config: Config, indexes: Indexes | None = None) -> Iterator[Builder]:
    """A builder for some builds; raises BuilderDown when the engine does not answer."""
    with engine(config) as client:
        found = indexes or read_indexes()
        network = partial(_network, config, Egress(config, client), found)
        yield Builder(config, client, Store(config.artifacts), found, network)


def _network(config: Config, egress: Egress, indexes: Indexes) -> str:
    hosts = (*default_hosts(config.docker_socket), *indexes.hosts, *_proxies())
    try:
        return egress.builder_network(hosts)
    except DriverError as error:
        raise BuilderDown(str(error)) from error


def _proxies() -> set[str]:
    addresses = proxy_environment(os.environ)
    return {
        urlsplit(value).hostname or "" for name, value in addresses.items() if "no_" not in name.lower()
    } - {""}
