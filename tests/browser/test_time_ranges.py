"""Time ranges of charts as a person chooses them: typed in the own zone, drawn with the mouse, compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture
def metrics(browser: Browser, stack: Stack) -> Iterator[Page]:
    """The metrics page, read in Kolkata: five and a half hours before UTC."""
    context = browser.new_context(timezone_id="Asia/Kolkata", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    log_in(page, stack)
    page.goto(address(stack, "metrics"))
    expect(page.locator("[data-charts]")).to_have_attribute("data-state", "drawn")
    yield page
    context.close()


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_range_is_typed_in_the_readers_zone_and_kept_in_utc(metrics: Page) -> None:
    metrics.get_by_text("Custom").click()
    metrics.get_by_label("From", exact=True).fill("2026-03-15T12:00")
    metrics.get_by_label("To", exact=True).fill("2026-03-15T10:00")
    metrics.get_by_role("button", name="Show").click()
    expect(metrics.get_by_text("The end must be after the beginning.")).to_be_visible()
    metrics.get_by_label("To", exact=True).fill("2026-03-15T18:00")
    metrics.get_by_role("button", name="Show").click()
    metrics.wait_for_url(re.compile("from="))
    assert query(metrics) == {"from": ["2026-03-15T06:30:00.000Z"], "to": ["2026-03-15T12:30:00.000Z"]}
    metrics.locator(".range-picker summary").click()
    expect(metrics.get_by_label("From", exact=True)).to_have_value("2026-03-15T12:00")


def test_a_range_drawn_in_one_chart_is_the_pages(metrics: Page) -> None:
    box = metrics.locator("[data-chart=calls] .u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    metrics.mouse.move(box["x"] + box["width"] * 0.25, middle)
    metrics.mouse.down()
    metrics.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    metrics.mouse.up()
    metrics.wait_for_url(re.compile("from="))
    assert urlsplit(metrics.url).path.endswith("/metrics")  # drawing is no click: the logs stay closed
    expect(metrics.locator("[data-charts]")).to_have_attribute("data-state", "drawn")


def test_comparing_draws_the_range_before_and_lists_its_values(metrics: Page) -> None:
    calls = metrics.locator("[data-chart=calls]")
    expect(calls.get_by_text("Calls, before")).to_have_count(0)
    metrics.get_by_role("link", name="Compare").click()
    expect(calls.get_by_text("Calls, before")).to_be_visible()
    calls.get_by_text("Values").click()
    expect(calls.locator("[data-values]")).to_contain_text(re.compile("Calls, before|Nothing in this range"))
