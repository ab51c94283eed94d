"""Every page of the console, on a laptop in the light and on a phone in the dark: clean for axe-core, no
sideways scrolling, nothing that the security policy refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import Complaints
from tests.support.console import address, log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
PAGES = (
    "",
    "functions",
    "deleted",
    "new",
    "events",
    "events?state=dead",
    "logs",
    "metrics",
    "billing",
    "sandboxes",
    "settings/project",
    "settings/keys",
    "settings/people",
    "settings/limits",
    "settings/audit",
    "settings/about",
    "invocations/00000000-0000-7000-8000-000000000000?poll=99",
)
SIZES = {"laptop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack) -> list[dict[str, object]]:
    """A session, so that one log-in serves all of these tests."""
    context = browser.new_context()
    log_in(context.new_page(), stack)
    found = context.cookies()
    context.close()
    return list(found)


# Width and colours do not touch each other: two rounds see every page in both.
@pytest.fixture(params=[("laptop", "light"), ("phone", "dark")], ids="-".join)
def shown(browser: Browser, cookies: list, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A logged-in page of some size and theme."""
    size, theme = request.param
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    context.add_cookies(cookies)
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe-core finds wrong, and how far the page is too wide."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    wrong = [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found["violations"]]
    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*wrong, *([f"{too_wide} px too wide"] if too_wide > 0 else [])]


def test_every_page_is_clean(shown: Page, stack: Stack) -> None:
    complaints = Complaints()
    complaints.listen(shown)
    found = {}
    for path in PAGES:
        shown.goto(address(stack, path))
        shown.wait_for_load_state("networkidle")
        if wrong := faults(shown):
            found[path] = wrong
    assert found == {}
    assert complaints.found == []
