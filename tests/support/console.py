"""Logging in to a running installation's console, whoever did it before."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.stack import Stack

PASSWORD = "a-long-enough-password"
ACCOUNT = "000000000001"


def log_in(page: Page, stack: Stack, *, by_form: bool = False) -> None:
    """As the first administrator; the first time the one-time password is changed. A session that an earlier test
    began is gone on with, unless the form is what the test is about."""
    main = page.get_by_role("navigation", name="Main")
    if stack.cookies and not by_form:
        page.context.add_cookies(stack.cookies)
        page.goto(stack.console)
        if main.is_visible():
            return
    page.goto(stack.console)
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(stack.password)
    page.get_by_role("button", name="Log in").click()
    choose = page.get_by_role("heading", name="Choose your password")
    expect(main.or_(choose)).to_be_visible()
    if choose.is_visible():
        choose_password(page, stack)
    stack.cookies = list(page.context.cookies())


def choose_password(page: Page, stack: Stack) -> None:
    """A password of one's own in place of the one-time one."""
    page.get_by_label("Current password").fill(stack.password)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    stack.password = PASSWORD
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def address(stack: Stack, path: str) -> str:
    """A page of the default project."""
    return f"{stack.console}/p/{ACCOUNT}/{path}"
