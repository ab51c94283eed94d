"""One installation for trouble with what Functory stands on; the other tests here share `product`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.faulty_stack import FaultyStack, running_faulty_stack
from tests.support.product import Product


@pytest.fixture(scope="session")
def faulty() -> Iterator[Product]:
    """Running, with members and one function, `naps`."""
    with running_faulty_stack() as running:
        yield running


@pytest.fixture(scope="session")
def stack(faulty: Product) -> FaultyStack:
    """What `faulty` runs on."""
    assert isinstance(faulty.stack, FaultyStack)
    return faulty.stack
