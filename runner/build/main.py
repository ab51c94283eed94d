"""Wires a builder: the engine, the code store, the host's index configuration, and the network."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
from runner.sandbox.egress import BUILDER_NETWORKS, Egress
from runner.sandbox.engine.words import engine_words


@contextmanager
def engine(config: Config) -> Iterator[docker.DockerClient]:
    """A connection to the engine; raises BuilderDown."""
    try:
        client = docker.DockerClient(base_url=f"unix://{config.docker_socket}", version="auto", timeout=120)
    except DockerException as error:
        raise BuilderDown(engine_words(error, config.docker_socket)) from error
    try:
        yield client
    finally:
        client.close()


@contextmanager
def open_builder(config: Config, indexes: Indexes | None = None) -> Iterator[Builder]:
    """A builder for some builds; raises BuilderDown when the engine does not answer."""
    with engine(config) as client, _egress(config, client) as egress:
        found = indexes or read_indexes()
        network = partial(_network, config, egress, found)
        yield Builder(config, client, Store(config.artifacts), found, network)


@contextmanager
def _egress(config: Config, client: docker.DockerClient) -> Iterator[Egress]:
    """The builders' network, made when it is asked for. Of all workers whoever is the last to build takes it
    down; a lock tells, since it falls with a worker that is killed."""
    config.run.mkdir(parents=True, exist_ok=True)
    with (config.run / "builders.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        egress = Egress(config, client)
        try:
            yield egress
        finally:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                egress.remove(BUILDER_NETWORKS)


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
