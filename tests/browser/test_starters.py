"""Every starter, as somebody meets it: chosen in the wizard, deployed unchanged, tried with its own event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from functions.starters import Starter, starters
from tests.support.browser import Complaints
from tests.support.console import address, log_in
from tests.support.stack import Stack
from tests.support.starters import holds

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

TITLES = {"python3.13": "Python 3.13", "nodejs24.x": "Node.js 24", "provided.al2023": "Custom"}
ALL = [(runtime, each) for runtime in TITLES for each in starters(runtime)]
DEPLOY_MS = 120_000  # some install a library first


def name_of(runtime: str, each: Starter) -> str:
    return f"{re.sub('[^a-z0-9]', '', runtime)}-{each.key}"


@pytest.fixture(scope="module")
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """One person's page for all of them, since each opens seven pages that share scripts and styles."""
    context = browser.new_context()
    page = context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    log_in(page, stack)
    yield page
    context.close()
    assert complaints.found == []


@pytest.mark.parametrize(("runtime", "each"), ALL, ids=[name_of(*pair) for pair in ALL])
def test_a_starter_deploys_and_passes_its_own_event(
    page: Page, stack: Stack, runtime: str, each: Starter
) -> None:
    name = name_of(runtime, each)
    page.goto(address(stack, f"new?starter={each.key}"))
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Next: runtime").click()
    page.get_by_role("radio", name=re.compile(TITLES[runtime])).check()
    page.get_by_role("button", name="Next: code").click()
    expect(page.get_by_text(f"Begin with {each.title}")).to_be_visible()
    page.get_by_role("button", name="Next: trigger").click()
    page.get_by_role("button", name="Next: review").click()
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.wait_for_url(f"**/{name}/test?deployed=*", timeout=DEPLOY_MS)
    page.get_by_role("button", name="Run test").click()
    result = page.locator(".result")
    expect(result).to_contain_text("Succeeded", timeout=30_000)
    answer = json.loads(result.locator("#response").inner_text())
    assert holds(answer, each.expect), answer
