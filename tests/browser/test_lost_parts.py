"""A page of which a part did not arrive says so, and is whole after a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


PARTS = ["**/js/charts*.js", "**/css/telemetry*.css"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_does_not_arrive_is_said(page: Page, stack: Stack, part: str) -> None:
    log_in(page, stack)
    page.route(part, lambda route: route.abort("failed"))
    page.goto(address(stack, "metrics"))
    bar = page.get_by_text("A part of this page did not arrive")
    expect(bar).to_be_visible()
    page.unroute(part)
    page.reload()
    expect(page.get_by_role("heading", name="Metrics")).to_be_visible()
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("part", PARTS)
def test_one_that_arrives_at_the_second_try_is_not(page: Page, stack: Stack, part: str) -> None:
    log_in(page, stack)
    page.route(part, lambda route: route.abort("failed"), times=1)
    page.goto(address(stack, "metrics"))
    expect(page.locator("[data-charts]")).to_have_attribute("data-state", "drawn")
    expect(page.get_by_text("A part of this page did not arrive")).to_be_hidden()
