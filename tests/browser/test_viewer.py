"""What somebody who may only look sees: every page of a function whole, without scripts that stumble."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address
from tests.support.product import PASSWORD, Product
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

NAME = "only-looked-at"
TABS = ("test", "monitor", "logs", "triggers", "configuration", "versions", "security")


def test_a_viewer_walks_through_a_function(page: Page, stack: Stack, product: Product) -> None:
    product.create(NAME)
    page.goto(stack.console)
    page.get_by_label("Name").fill("a-viewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.goto(address(stack, f"functions/{NAME}/code"))
    expect(page.locator("[data-size]")).to_contain_text("B")  # written by the editor's script, at its end
    code, whole = page.locator(".editor").bounding_box(), page.locator(".code-page").bounding_box()
    assert code is not None
    assert whole is not None
    assert code["width"] == pytest.approx(whole["width"], abs=2)
    for tab in TABS:
        page.goto(address(stack, f"functions/{NAME}/{tab}"))
        expect(page.get_by_role("heading").first).to_be_visible()
