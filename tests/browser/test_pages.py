"""Every page of the console, on a laptop in the light and on a phone in the dark: clean for axe-core, no
sideways scrolling, nothing that the security policy refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Complaints
from tests.support.console import address, log_in
from tests.support.product import Product
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
PAGES = (
    "",
    "functions",
    "deleted",
    "new",
    "triggers",
    "events",
    "events?state=dead",
    "queues",
    "buckets",
    "logs",
    "metrics",
    "billing",
    "sandboxes",
    "layers",
    "alarms",
    "settings/project",
    "settings/keys",
    "settings/secrets",
    "settings/people",
    "settings/limits",
    "settings/audit",
    "settings/about",
    "logs/refused",
    "invocations/00000000-0000-7000-8000-000000000000?poll=99",
)
SUBJECT = "looked-at"
TABS = ("code", "test", "monitor", "triggers", "configuration", "versions", "security")
CODE = """def lambda_handler(event, context):
    print("named", event["name"])
    return event
"""
SIZES = {"laptop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def paths(product: Product) -> list[str]:
    """The addresses of every page: also those of a function, its calls, and a draft in the wizard."""
    product.create(SUBJECT, CODE, Publish=True)
    product.public_url(SUBJECT)
    calls = [product.call(SUBJECT, event)["id"] for event in ({"name": "Ada"}, {})]
    product.post("new", name="a-draft")
    product.record(calls[-1])
    leave_a_dead_letter(product)
    return [
        *PAGES,
        *(f"functions/{SUBJECT}/{tab}" for tab in TABS),
        *(f"functions/a-draft/draft/{step}" for step in range(1, 6)),
        *(f"invocations/{call}" for call in calls),
    ]


def leave_a_dead_letter(product: Product) -> None:
    client = product.client()
    client.put_function_event_invoke_config(FunctionName=SUBJECT, MaximumRetryAttempts=0)
    client.invoke(FunctionName=SUBJECT, InvocationType="Event", Payload=b"{}")
    dead = "select 1 from functions_event where state = 'dead'"
    wait_for("the event is a dead letter", lambda: product.rows(dead), 60)


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


def faults(page: Page, within: str = "document") -> list[str]:
    """What axe-core finds wrong, and how far the page is too wide."""
    found = page.evaluate(f"axe.run({within}, {{resultTypes: ['violations']}})")
    wrong = [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found["violations"]]
    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*wrong, *([f"{too_wide} px too wide"] if too_wide > 0 else [])]


OPEN = "node => { node.showModal(); return node.id }"
CLOSED = "dialog:not([open])"


def dialogs(page: Page) -> dict[str, list[str]]:
    """What is wrong in each dialog of the page while it is open, by its id."""
    found = {}
    for dialog in page.locator(CLOSED).element_handles():
        name = dialog.evaluate(OPEN)
        if wrong := faults(page, "document.querySelector('dialog[open]')"):
            found[name] = wrong
        dialog.evaluate("node => node.close()")
    return found


def test_every_page_and_dialog_is_clean(shown: Page, stack: Stack, paths: list[str]) -> None:
    complaints = Complaints()
    complaints.listen(shown)
    found = {}
    for path in paths:
        shown.goto(address(stack, path))
        shown.wait_for_load_state("networkidle")
        shown.evaluate(AXE)
        if wrong := faults(shown):
            found[path] = wrong
        found |= {f"{path} {name}": wrong for name, wrong in dialogs(shown).items()}
    assert found == {}
    assert complaints.found == []


def test_enter_in_a_confirmation_presses_its_own_button(page: Page, stack: Stack, paths: list[str]) -> None:
    log_in(page, stack)
    page.goto(address(stack, "events?state=dead"))
    page.get_by_role("checkbox", name=re.compile("Choose the event")).first.check()
    page.get_by_role("button", name="Drop").click()
    page.get_by_label(re.compile("to confirm")).fill("drop 1 event")
    page.keyboard.press("Enter")  # the form's first button redrives
    expect(page.locator(".flash")).to_contain_text("1 event is dropped.")
