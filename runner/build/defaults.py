"""Which hosts the package tools use when nobody configured others: asked of the tools themselves, in the images
that will run them. No index is named here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import docker
from docker.errors import ContainerError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from functions.runtimes import RUNTIMES, Build, Runtime
from runner.build.container import BuilderDown
from runner.build.folders import folder_build
from runner.images.catalog import builder_reference
from runner.sandbox.engine.words import engine_words

log = logging.getLogger("functory.build")
_PIP = "from pip._internal.models.index import PyPI; print(PyPI.url, f'https://{PyPI.file_storage_domain}')"
# What prints the addresses that a tool uses by default.
QUESTIONS: Mapping[Build, tuple[str, ...]] = {
    Build.PIP: ("python3", "-c", _PIP),
    Build.NPM: ("npm", "config", "get", "registry"),
}


def default_hosts(docker_socket: Path) -> tuple[str, ...]:
    """The hosts of every builder's tool, sorted; raises BuilderDown when the engine does not answer."""
    found: set[str] = set()
    answered: set[tuple[str, ...]] = set()
    for row in RUNTIMES.values():
        question = _question(row)
        if question and question not in answered:
            # Without an image nothing of that language can be built now, and its builds will say so.
            with suppress(LookupError):
                found.update(_ask(docker_socket, row.builder, question))
                answered.add(question)
    return tuple(sorted(found - {""}))


def _question(row: Runtime) -> tuple[str, ...]:
    if not row.builder:
        return ()
    return folder_build(row.folder).question if row.build is Build.FOLDER else QUESTIONS[row.build]


@lru_cache(maxsize=32)
def _ask(docker_socket: Path, runtime_id: str, question: tuple[str, ...]) -> tuple[str, ...]:
    """Once per process: an answer costs a container. Raises LookupError while there is no image to ask."""
    try:
        client = docker.DockerClient(base_url=f"unix://{docker_socket}", version="auto", timeout=60)
        try:
            # Looked up first: `run` alone would ask a registry for one that is missing.
            image = client.images.get(builder_reference(runtime_id))
            said: bytes = client.containers.run(
                image,
                list(question),
                remove=True,
                network_mode="none",
                user="61000:61000",
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                environment={"HOME": "/tmp", "npm_config_cache": "/tmp/npm"},  # noqa: S108 - the container's own
            )
        finally:
            client.close()
    except ImageNotFound as error:
        raise LookupError(runtime_id) from error
    except ContainerError as error:  # a tool that cannot say it must not stop the builds of others
        log.warning("the builder of %s does not say which hosts it uses: %s", runtime_id, error)
        return ()
    except (DockerException, RequestException) as error:
        raise BuilderDown(engine_words(error, docker_socket)) from error
    return tuple(urlsplit(word).hostname or "" for word in said.decode().split() if word.startswith("http"))
