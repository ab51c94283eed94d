"""One driver for all tests of a file; each binds sandboxes of its own."""

import pytest

from tests.support.functions_in_sandboxes import bench as open_bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with open_bench(tmp_path_factory.mktemp("code")) as made:
        yield made
