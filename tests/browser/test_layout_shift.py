"""Nothing jumps once it is there: the layout shift of each page while it loads, and until all that follows the page
has come, as the browser itself counts it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.console import address
from tests.support.product import Product
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

MOST = 0.02  # a fifth of what the Web Vitals call good
SUBJECT = "kept-still"
CODE = """def lambda_handler(event, context):
    print("named", event["name"])
    return event
"""
PAGES = (
    "",
    "functions",
    "new",
    "events",
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
)
TABS = ("code", "test", "monitor", "logs", "triggers", "configuration", "versions", "security")
WATCH = """
window.shifts = [];
const name = (node) => (node && (node.id || node.className || node.nodeName)) || "?";
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      window.shifts.push([entry.value, entry.sources.map((source) => [String(name(source.node)),
        JSON.stringify(source.previousRect), JSON.stringify(source.currentRect)].join(" "))]);
}).observe({ type: "layout-shift", buffered: true });
"""
QUIET_MS = 300


@pytest.fixture(scope="module")
def paths(product: Product) -> list[str]:
    """Pages with something on them."""
    product.create(SUBJECT, CODE, Publish=True)
    calls = [product.call(SUBJECT, event)["id"] for event in ({"name": "Ada"}, {})]
    product.record(calls[-1])
    return [*PAGES, *(f"functions/{SUBJECT}/{tab}" for tab in TABS), f"invocations/{calls[0]}"]


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["laptop", "phone"])
def watched(browser: Browser, cookies: list, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A logged-in page that notes its shifts."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(WATCH)
    context.add_cookies(cookies)
    yield context.new_page()
    context.close()


def shifts(page: Page, url: str) -> list[list[object]]:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(QUIET_MS)  # what a script does with the last answer
    return list(page.evaluate("window.shifts"))


def test_pages_stay_where_they_are(watched: Page, stack: Stack, paths: list[str]) -> None:
    found = {}
    for path in paths:
        noted = shifts(watched, address(stack, path))
        if sum(value for value, _ in noted) > MOST:
            found[path] = noted
    assert found == {}


def test_a_jump_is_noticed(watched: Page, stack: Stack) -> None:
    """Without this the other test could see nothing and pass."""
    shifts(watched, address(stack, ""))
    watched.evaluate("document.querySelector('main').style.marginTop = '300px'")
    watched.wait_for_timeout(QUIET_MS)
    assert sum(value for value, _ in watched.evaluate("window.shifts")) > MOST
