"""The tour as a newcomer takes it, and what an open page says after an update."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


def test_a_newcomer_is_shown_around_and_never_again(page: Page, stack: Stack) -> None:
    log_in(page, stack)
    page.goto(address(stack, "?tour=1"))
    tour = page.get_by_role("dialog", name="Where things are")
    expect(tour).to_be_visible()
    page.keyboard.press("Escape")
    expect(tour).to_be_hidden()
    page.reload()
    titles = [
        "Make a function",
        "Your functions",
        "Every call leaves a log",
        "What it would cost",
        "Find anything",
    ]
    for title in titles:
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("dialog", name=title)).to_be_visible()
        expect(page.locator(".tour-pointed")).to_have_count(1)
    with page.expect_response(lambda answer: answer.url.endswith("/tour/close")) as closed:
        page.get_by_role("button", name="Done").click()
    assert closed.value.status == 204
    page.goto(address(stack, ""))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[data-tour]")).to_have_count(0)


def test_a_page_of_an_older_console_offers_to_be_reloaded(page: Page, stack: Stack) -> None:
    log_in(page, stack)
    bar = page.get_by_text("Functory was updated after this page was loaded")
    expect(page.locator("#health a")).to_be_visible()
    expect(bar).to_be_hidden()

    def newer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "x-functory-release": "another"})

    page.route("**/health", newer)
    page.evaluate("htmx.trigger('#health', 'look')")
    expect(bar).to_be_visible()
    page.unroute("**/health")
    page.get_by_role("button", name="Reload").click()
    expect(bar).to_be_hidden()
