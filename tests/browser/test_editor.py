"""The editor as two people use it: files made, renamed and deleted, typing over a selection, and a conflict in
which nobody's text is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status]")).to_contain_text("Saved")


def write(page: Page, text: str) -> None:
    """Type over all that is there."""
    page.locator("[data-editor] .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def test_files_and_a_conflict_between_two_people(page: Page, stack: Stack):
    log_in(page, stack)
    page.goto(address(stack, "new"))
    page.get_by_label("Name", exact=True).fill("shared")
    page.get_by_role("button", name="Next: runtime").click()
    page.wait_for_url("**/shared/draft/2")

    # Files
    page.goto(address(stack, "functions/shared/code"))
    page.get_by_role("button", name="New file").click()
    page.get_by_label("Path").fill("../outside.py")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A path stays inside the function")).to_be_visible()
    page.get_by_label("Path").fill("lib/a.py")
    page.keyboard.press("Enter")
    page.keyboard.type("A = 1")
    page.get_by_role("button", name="Rename file").click()
    page.get_by_label("Path").fill("lib/b.py")
    page.keyboard.press("Enter")
    expect(page.locator("[data-open-path]")).to_have_text("lib/b.py")
    save(page)
    page.reload()
    expect(page.get_by_role("treeitem")).to_have_text(["lib", "b.py", "lambda_function.py"])
    page.get_by_role("treeitem", name="b.py").click()
    page.get_by_role("button", name="Delete file").click()
    save(page)

    # A conflict
    other = page.context.new_page()
    other.goto(address(stack, "functions/shared/code"))
    expect(other.locator("[data-status]")).to_contain_text("Saved")
    write(page, "theirs = 1")
    save(page)
    write(other, "mine = 2")
    other.keyboard.press("Control+s")
    conflict = other.get_by_role("dialog", name="Saved meanwhile by somebody else")
    expect(conflict).to_contain_text(re.compile("theirs = 1.*mine = 2", re.DOTALL))
    conflict.get_by_role("button", name="Save mine").click()
    expect(other.locator("[data-status]")).to_contain_text("Saved")
    page.reload()
    expect(page.locator("[data-editor] .cm-content")).to_contain_text("mine = 2")

    # Deleted here, changed there: it is not lost
    write(page, "third = 3")
    save(page)
    other.get_by_role("treeitem", name="lambda_function.py").focus()
    other.keyboard.press("Delete")
    other.keyboard.press("Control+s")
    expect(conflict).to_be_visible()
    conflict.get_by_role("button", name="Decide later").click()
    other.get_by_role("treeitem", name="lambda_function.py").click()
    expect(other.locator("[data-editor] .cm-content")).to_contain_text("third = 3")
    save(other)
    page.reload()
    expect(page.locator("[data-editor] .cm-content")).to_contain_text("third = 3")
