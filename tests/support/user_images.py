"""Container images as users make them, built from our own images since no registry may be at hand: AWS's runtime
interface clients, unmodified, around the programs of the contract suite."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import docker

from functions.runtimes import runtime
from runner.build.indexes import read_indexes
from runner.images.catalog import builder_reference, image_reference
from runner.images.engine import ImageEngine, pack
from runner.images.progress import LineProgress
from runner.images.recipes import HERE, SourceFile
from runner.images.trust import host_ca_bundle, proxy_environment
from tests.support.programs import PROGRAMS

CLIENTS = PROGRAMS.parent / "clients"
# The client's language -> the runtime whose image it is built in.
BASES = {"provided": "provided.al2023", "python": "python3.13", "nodejs": "nodejs22.x", "java": "java21"}
SOCKET = Path("/var/run/docker.sock")


def client_image(language: str) -> str:
    """The id of an image with AWS's client of a language and the contract suite's program; raises ImageError."""
    files = _files(CLIENTS / language)
    dockerfile = files.pop("Dockerfile")
    program = {f"program/{path}": text for path, text in _files(PROGRAMS / language).items()}
    name = f"functory-test/client-{language}:latest"
    return build_image(name, dockerfile, files | program, BASES[language])


def _files(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in found
        if "__pycache__" not in path.parts
    }


def build_image(name: str, dockerfile: str, files: Mapping[str, str], base: str = "python3.13") -> str:
    """Build an image under a name, from the runtime's image (RUNTIME) and its builder's (BUILDER); its id."""
    bundle = host_ca_bundle()
    assert bundle is not None
    context = {path: SourceFile(text.encode(), executable=True) for path, text in files.items()}
    context |= {"Dockerfile": SourceFile(dockerfile.encode()), "build/ca.crt": SourceFile.read(bundle)}
    context |= {f"build/{name}": SourceFile.read(HERE / "shared" / name) for name in ("install", "finish")}
    indexes = read_indexes()
    pip = "".join(
        f"{variable.removeprefix('PIP_').lower().replace('_', '-')} = {value}\n"
        for variable, value in indexes.pip.items()
    )
    context |= {
        "pip.conf": SourceFile(f"[global]\n{pip}".encode()),
        "npmrc": SourceFile(indexes.npmrc.encode()),
    }
    identifier = runtime(base).image
    arguments = {"RUNTIME": image_reference(identifier)}
    if runtime(base).builder:
        arguments["BUILDER"] = builder_reference(identifier)
    with ImageEngine(SOCKET) as engine:
        engine.build(
            pack(context),
            name,
            target="",
            arguments={**arguments, **proxy_environment(os.environ)},
            labels={"org.opencontainers.image.title": "Made by a test"},
            progress=LineProgress(),
        )
    return id_of(name)


def id_of(name: str) -> str:
    """An image's id."""
    client = docker.APIClient(base_url=f"unix://{SOCKET}", version="auto")
    try:
        return str(client.inspect_image(name)["Id"])
    finally:
        client.close()


def remove_image(name: str) -> None:
    """Take a test's own image away again."""
    client = docker.APIClient(base_url=f"unix://{SOCKET}", version="auto")
    try:
        client.remove_image(name, force=True)
    finally:
        client.close()
