"""One driver for all tests of a file; each binds sandboxes of its own. Images that are not made at every start are
made when a test first asks for them."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from functions.config import Config
from functions.runtimes import RUNTIMES
from runner.images.catalog import ensure_images
from runner.images.errors import ImageError
from runner.images.progress import LineProgress
from tests.support.functions_in_sandboxes import bench as open_bench
from tests.support.matrix import Matrix
from tests.support.programs import IMAGES
from tests.support.user_images import BASES

# What says that this machine cannot reach what an image is made from; anything else is a fault of the recipe.
_SILENT = re.compile(
    "cannot be had|Could not resolve|Temporary failure resolving|Failed to fetch|Unable to connect|"
    "NewConnectionError|No matching distribution|Could not connect"
)


def pytest_configure(config):
    config.pluginmanager.register(Matrix(), "runtime-matrix")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with open_bench(tmp_path_factory.mktemp("code")) as made:
        yield made


@pytest.fixture(scope="session")
def on_demand(tmp_path_factory):
    """Has the images of a runtime made; skips the test where a source does not answer, with the reason."""
    launcher = tmp_path_factory.mktemp("bin") / "launcher"
    failed: dict[str, str] = {}

    def ensure(identifier: str) -> None:
        if identifier not in failed:
            base = BASES[IMAGES[identifier]] if identifier in IMAGES else identifier
            failed[identifier] = _make(settings.FUNCTORY, launcher, base)
        if _SILENT.search(failed[identifier]):
            pytest.skip(f"no image of {identifier}: {failed[identifier].splitlines()[0]}")
        assert not failed[identifier]

    return ensure


def _make(config: Config, launcher: Path, identifier: str) -> str:
    try:
        ensure_images(
            LineProgress(),
            docker_socket=config.docker_socket,
            launcher_path=launcher,
            runtimes=[RUNTIMES[identifier].image],
        )
    except ImageError as error:
        return str(error)
    return ""
