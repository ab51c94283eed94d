"""One installation and one browser for all browser tests; a page of its own for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Complaints, chromium
from tests.support.console import log_in
from tests.support.product import Product
from tests.support.stack import Stack, running_stack

# What waits for a schedule's minute or for a health check begins first: at the end, one browser would wait for it alone.
LONGEST = ("test_main_job.py", "test_newcomer.py", "test_releases.py", "test_bench.py")
# Two browsers and two installations share two cores: what takes a second alone may take some.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; the others as they come."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product, running."""
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def product(stack: Stack) -> Product:
    """The same with members and their keys."""
    made = Product(stack)
    made.populate()
    stack.cookies = []  # the administrator has another password, which ends the sessions there were
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack, product: Product) -> list[dict[str, object]]:
    """A session for pages of other sizes: one log-in serves all of a file's, and on a phone the log-in helper does not
    see the navigation that it waits for."""
    context = browser.new_context()
    log_in(context.new_page(), stack)
    found = context.cookies()
    context.close()
    return list(found)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without cookies; a script error or a refusal by the security policy fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    yield page
    context.close()
    assert complaints.found == []
