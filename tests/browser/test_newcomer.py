"""A person who has never seen the console: from the log-in page to a live, tested address, using only what is on
the screen, at a person's pace, in under 90 seconds."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.console import log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

LIMIT_S = 90
READS_S = 2.5  # a short look at a page before the next step
KEY_MS = 120  # some 100 characters a minute: an unhurried typist


def choose(page: Page, what: Locator) -> None:
    """Look at the page, then click."""
    expect(what).to_be_visible()
    page.wait_for_timeout(READS_S * 1000)
    what.click()


def test_from_the_log_in_to_a_live_tested_address(page: Page, stack: Stack) -> None:
    began = time.monotonic()
    log_in(page, stack, by_form=True)
    choose(page, page.get_by_role("link", name="New function").first)
    page.get_by_label("Name", exact=True).press_sequentially("my-first", delay=KEY_MS)
    for step in ("Next: runtime", "Next: code", "Next: trigger"):
        choose(page, page.get_by_role("button", name=step))
    choose(page, page.get_by_role("radio", name=re.compile("Function URL")))
    choose(page, page.get_by_role("button", name="Next: review"))
    choose(page, page.get_by_role("button", name="Deploy", exact=True))
    choose(page, page.get_by_role("button", name="Run test"))
    expect(page.locator(".result")).to_contain_text("Succeeded", timeout=30_000)
    with page.expect_popup() as opened:
        choose(page, page.locator(".heading").get_by_role("link", name=re.compile("^http")))
    expect(opened.value.locator("body")).to_contain_text("Hello", ignore_case=True)
    took = time.monotonic() - began
    assert took < LIMIT_S, f"{took:.0f} s"
