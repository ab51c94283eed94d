"""One installation for all faults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.promises import prove_kept
from tests.support.faulty_stack import FaultyStack, running_faulty_stack
from tests.support.product import Product

LEASES_S = 150


@pytest.fixture(scope="session")
def faulty() -> Iterator[Product]:
    """The installation, running, with members and one function that sleeps as long as it is told."""
    with running_faulty_stack() as running:
        yield running


@pytest.fixture(scope="session")
def stack(faulty: Product) -> FaultyStack:
    """What `faulty` runs on."""
    assert isinstance(faulty.stack, FaultyStack)
    return faulty.stack


@pytest.fixture(scope="session")
def owed(faulty: Product) -> Iterator[list[str]]:
    """Events that were accepted before a kill. One whose worker died is claimed again when its lease has run out, a
    minute after its function's time-out: all of them are waited for together, at the end."""
    events: list[str] = []
    yield events
    assert events
    prove_kept(faulty, events, LEASES_S)
