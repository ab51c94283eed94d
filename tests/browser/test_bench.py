"""The test bench in a browser: a draft is tried without going live, events in AWS's shapes, many runs, two results
side by side."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

CODE = "def lambda_handler(event, context):\n    return {'said': 'one', 'keys': sorted(event)}\n"


def write(page: Page, text: str) -> None:
    editor = page.locator("#editor .cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def deployed(page: Page, stack: Stack, name: str) -> None:
    """A function of its own, with a URL."""
    page.goto(address(stack, "new"))
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Next: runtime").click()
    page.get_by_role("button", name="Next: code").click()
    write(page, CODE)
    page.get_by_role("button", name="Next: trigger").click()
    page.get_by_role("radio", name=re.compile("Function URL")).check()
    page.get_by_role("button", name="Next: review").click()
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.wait_for_url(f"**/{name}/test?deployed=*", timeout=60_000)


def test_a_draft_is_tried_while_callers_get_what_is_live(page: Page, stack: Stack) -> None:
    log_in(page, stack)
    deployed(page, stack, "tried")
    url = page.locator(".heading").get_by_role("link", name=re.compile("^http")).get_attribute("href")
    page.goto(address(stack, "functions/tried/code"))
    write(page, CODE.replace("'one'", "'two'"))
    page.get_by_role("button", name="Save and run").click()
    result = page.locator("#test-result")
    expect(result).to_contain_text("Succeeded", timeout=60_000)
    expect(result).to_contain_text("two")
    expect(result).to_contain_text("draft")
    assert "one" in httpx.get(str(url)).text
    page.get_by_label("What runs").select_option(label="live, version 1")
    page.get_by_role("button", name="Run test").click()
    expect(result.locator("#response")).to_contain_text("one", timeout=30_000)


def test_shapes_many_runs_and_two_results_compared(page: Page, stack: Stack) -> None:
    log_in(page, stack)
    deployed(page, stack, "benched")
    result = page.locator("#test-result")
    page.get_by_label("Events").get_by_role("link", name="SQS: two messages").click()
    expect(page.get_by_role("link", name="AWS's page of this shape")).to_be_visible()
    page.get_by_role("button", name="Run test").click()
    expect(result.locator("#response")).to_contain_text("Records")
    editor = page.locator("#test-form .cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"a": ')
    expect(page.get_by_text("Not JSON yet")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type('{"Records": [{"rec')
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("receiptHandle")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"Records": [{"body": "x", "messageId": "1"}]}')
    expect(page.get_by_text("AWS also sends Records[].receiptHandle")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"a": ')
    editor.press("Control+Enter")  # it is said once, beside the editor, and what came before stands
    expect(page.get_by_text(re.compile("not JSON", re.IGNORECASE))).to_have_count(1)
    expect(result.locator("#response")).to_contain_text("Records")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"a": 1}')
    expect(page.get_by_text("Not JSON yet")).to_be_hidden()
    page.get_by_role("button", name="Run test").click()
    expect(result.locator("#response")).to_contain_text('"a"')
    page.get_by_role("button", name="Compare").click()
    expect(result.locator("section")).to_have_count(2)
    expect(result.locator("mark").first).to_be_visible()
    page.get_by_text("Run it many times").click()
    page.get_by_label("Runs", exact=True).fill("30")
    page.get_by_role("button", name="Run and measure").click()
    expect(result).to_contain_text("30 of 30", timeout=60_000)
    expect(result.locator("rect").first).to_be_visible()
