"""What has to fit, fits: tabs and long words on a phone, code and labels on a laptop."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from console.templatetags.units import size
from tests.support.console import address, log_in
from tests.support.product import Product
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

NAME = "fits-on-every-screen"
CODE = """class AnOrderThatNobodyCanTakeError(Exception):
    pass


def lambda_handler(event, context):
    raise AnOrderThatNobodyCanTakeError("no")
"""


@pytest.fixture(scope="module")
def function(product: Product) -> str:
    """One function, and a request that was refused with many long words."""
    product.create(NAME, CODE)
    product.record(product.call(NAME)["id"])
    client = product.client("viewer")
    with pytest.raises(client.exceptions.ClientError):
        client.invoke(FunctionName=NAME, Payload=b"{}")
    wait_for("the refusal", lambda: product.rows("SELECT 1 FROM functions_refusal"), 60)
    return NAME


@pytest.fixture
def phone(page: Page, stack: Stack) -> Page:
    """A logged-in phone."""
    log_in(page, stack)
    page.set_viewport_size({"width": 390, "height": 844})
    return page


@pytest.mark.parametrize("path", ["settings/about", "events?state=succeeded", f"functions/{NAME}/security"])
def test_the_tab_one_is_on_is_seen_on_a_phone(phone: Page, stack: Stack, function: str, path: str) -> None:
    phone.goto(address(stack, path))
    expect(phone.locator(".nav-tabs [aria-current]")).to_be_in_viewport(ratio=0.9)


def test_a_reason_on_a_phone_is_read_in_lines_of_several_words(
    phone: Page, stack: Stack, function: str
) -> None:
    phone.goto(address(stack, f"logs/refused?function={function}"))
    row = phone.locator("tbody tr")
    box = row.first.bounding_box()
    assert box is not None
    assert box["height"] < 300


def test_a_table_that_scrolls_sideways_says_so(phone: Page, stack: Stack, function: str) -> None:
    phone.goto(address(stack, "settings/audit"))
    table, more = phone.locator(".table-responsive"), phone.get_by_role("button", name="More columns")
    expect(more).to_be_visible()
    expect(table).to_have_attribute("tabindex", "0")
    table.evaluate("(place) => place.scrollTo({ left: place.scrollWidth, behavior: 'instant' })")
    expect(more).to_be_hidden()


def test_sizes_read_alike_wherever_they_are_made(page: Page, stack: Stack) -> None:
    log_in(page, stack)
    known = [0, 512, 999, 1000, 1229, 10_752, 1_022_976, 1_048_576, 9 * 10**6, 40 * 1024**2, 3 * 1024**3]
    program = f"import('/static/js/units.js').then(({{ size }}) => {known}.map(size))"
    assert page.evaluate(program) == [size(one) for one in known]


def test_code_has_the_most_of_its_page_on_a_laptop(page: Page, stack: Stack, function: str) -> None:
    log_in(page, stack)
    page.goto(address(stack, f"functions/{function}/code"))
    box = page.locator(".editor .cm-editor").bounding_box()
    assert box is not None
    assert box["width"] > 480


def test_a_call_is_read_without_scrolling_on_a_laptop(page: Page, stack: Stack, function: str) -> None:
    log_in(page, stack)
    page.goto(address(stack, f"functions/{function}/monitor"))
    expect(page.locator("#call-rows")).to_contain_text("AnOrderThatNobodyCanTakeError")
    table = page.locator("#calls .table-responsive")
    assert table.evaluate("(place) => place.scrollWidth <= place.clientWidth")


def test_no_runtimes_badge_is_cut_off(page: Page, stack: Stack, function: str) -> None:
    log_in(page, stack)
    page.goto(address(stack, "new"))
    page.get_by_label("Name", exact=True).fill("whose-badges-fit")
    page.get_by_role("button", name="Next: runtime").click()
    badges = page.locator(".choice .badge")
    expect(badges.first).to_be_visible()
    assert not badges.evaluate_all("(all) => all.some((one) => one.scrollWidth > one.clientWidth)")
