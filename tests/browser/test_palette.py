"""The command palette by keyboard alone: lately opened pages, pages by name, and Enter."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


def test_it_opens_what_was_opened_lately_and_what_is_typed(page: Page, stack: Stack) -> None:
    log_in(page, stack)
    page.goto(address(stack, "billing"))
    page.goto(address(stack, "functions/no-such-function/code"))
    page.goto(address(stack, "logs"))
    page.keyboard.press("Control+k")
    recent = page.locator("#palette-recent")
    expect(recent.get_by_role("link").first).to_contain_text("Billing")
    expect(recent).not_to_contain_text("Not possible")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/billing")
    page.keyboard.press("Control+k")
    page.keyboard.type("dead let")
    expect(page.locator("#palette-results")).to_contain_text("Dead letters")
    expect(recent).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/events?state=dead")
