"""One installation for all faults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.faulty_stack import running_faulty_stack
from tests.support.product import Product


@pytest.fixture(scope="session")
def faulty() -> Iterator[Product]:
    """The installation, running, with members and one function that sleeps as long as it is told."""
    with running_faulty_stack() as running:
        yield running
