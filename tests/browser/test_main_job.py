"""The main job as a person does it, from the first log-in to a deleted function that comes back. One test, since
each step stands on the one before; each step says in its name what it is about."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

CODE = """import json


def lambda_handler(event, context):
    query = event.get("queryStringParameters") or {}
    name = query.get("name", "nobody")
    print(json.dumps({"level": "INFO", "greeted": name}))
    return {"statusCode": 200, "body": f"Hello {name} from one"}
"""
CHANGED = CODE.replace("from one", "from two")
BROKEN = "import a_module_that_nobody_has\n" + CODE
DEPLOY_MS = 60_000


class Person:
    """Somebody at the console; each method is a thing they do and what they then see."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.stack = stack
        self.url = ""

    # First log-in

    def log_in_for_the_first_time(self) -> None:
        log_in(self.page, self.stack, by_form=True)

    # Five steps

    def go_through_the_five_steps(self) -> None:
        page = self.page
        page.get_by_role("link", name="Functions", exact=True).click()
        page.get_by_role("link", name="New function").first.click()
        page.get_by_label("Name", exact=True).fill("greeter")
        page.get_by_role("button", name="Next: runtime").click()
        page.get_by_role("radio", name=re.compile("Python 3.13")).check()
        page.get_by_role("button", name="Next: code").click()
        self.write(CODE)
        page.get_by_role("button", name="Next: trigger").click()
        page.get_by_role("radio", name=re.compile("Function URL")).check()
        page.get_by_role("button", name="Next: review").click()
        expect(page.get_by_role("textbox", name="Memory")).to_have_value("128")
        page.get_by_role("button", name="Deploy", exact=True).click()
        page.wait_for_url("**/greeter/test?deployed=*", timeout=DEPLOY_MS)
        expect(page.get_by_text("Deployed as version 1")).to_be_visible()

    def write(self, text: str) -> None:
        """Paste a whole text over what the editor holds."""
        editor = self.page.locator(".cm-content").first
        editor.click()
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Control+v")
        expect(editor).to_contain_text("lambda_handler")

    # Test and call

    def run_a_test(self) -> None:
        self.page.get_by_role("button", name="Run test").click()
        result = self.page.locator(".result")
        expect(result).to_contain_text("Succeeded", timeout=30_000)
        expect(result.locator("#response")).to_contain_text("from one")
        expect(result.locator("#log-output")).to_contain_text("REPORT RequestId")
        expect(result).to_contain_text("A million like it")

    def read_the_url(self) -> None:
        shown = self.page.locator(".function-heading .copyable-text").first.inner_text()
        self.url = shown
        assert self.url.startswith(self.stack.gateway)

    def call(self, name: str) -> httpx.Response:
        return httpx.get(self.url, params={"name": name}, timeout=30)

    # Change

    def edit_and_deploy(self, text: str) -> None:
        self.tab("Code")
        self.write(text)
        self.page.get_by_role("button", name="Deploy", exact=True).click()

    def see_version_two_go_live(self) -> None:
        expect(self.page.locator("#deployment")).to_contain_text("as version 2", timeout=DEPLOY_MS)

    def see_the_deploy_fail(self) -> None:
        deployment = self.page.locator('#deployment[data-state="failed"]')
        expect(deployment).to_contain_text("a_module_that_nobody_has", timeout=DEPLOY_MS)
        expect(deployment).to_contain_text("keeps running")

    def tab(self, name: str) -> None:
        self.page.goto(self.function_page("monitor"))
        self.page.get_by_role("navigation", name="greeter").get_by_role("link", name=name, exact=True).click()

    def function_page(self, tab: str) -> str:
        return address(self.stack, f"functions/greeter/{tab}")

    # Schedule

    def add_a_schedule(self) -> None:
        page = self.page
        self.tab("Triggers")
        page.get_by_role("region", name="Schedules").get_by_label("Name", exact=True).fill("tick")
        page.get_by_label("Expression").fill("rate(1 minute)")
        expect(page.locator("#firings time").first).to_be_visible()
        page.get_by_role("button", name="Create schedule").click()
        expect(page.get_by_role("link", name="tick")).to_be_visible()

    def see_it_fire(self) -> None:
        address = self.function_page("monitor") + "?trigger=schedule&span=1h"

        def fired() -> bool:
            self.page.goto(address)
            return self.page.locator("#call-rows tr").count() > 0

        wait_for("the schedule has fired and its record is stored", fired, 150)
        row = self.page.locator("#call-rows tr").first
        expect(row).to_contain_text("Succeeded")
        row.get_by_role("link").first.click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Succeeded")
        expect(self.page.locator(".timeline")).to_be_visible()

    # Read

    def read_the_logs(self) -> None:
        page = self.page

        def found() -> bool:
            page.goto(address(self.stack, "logs?span=1h&q=greeted%3DAda"))
            return page.locator("details.log-row").count() > 0

        wait_for("the log of the URL's call is stored", found, 30)
        page.locator("details.log-row summary").first.click()
        expect(page.locator("details.log-row").first).to_contain_text("START RequestId")

    def watch_the_live_tail(self) -> None:
        page = self.page
        page.goto(address(self.stack, "logs"))
        page.get_by_role("button", name="Live tail").click()
        expect(page.locator("[data-tail-state]")).to_have_text("Live")
        self.call("Grace")
        expect(page.locator("[data-tail-lines]")).to_contain_text("Grace")
        page.get_by_role("button", name="Live tail").click()

    def read_the_metrics(self) -> None:
        page = self.page
        page.goto(address(self.stack, "metrics?span=1h"))
        expect(page.locator('[data-charts][data-state="drawn"]')).to_be_visible()
        expect(page.locator("table.card-table")).to_contain_text("greeter")
        page.goto(self.function_page("monitor") + "?span=1h")
        expect(page.locator("main")).to_contain_text("p95")

    def read_the_bill(self) -> None:
        page = self.page
        page.goto(address(self.stack, "billing"))
        expect(page.locator(".month-bars rect").first).to_be_attached()
        row = page.get_by_role("row", name=re.compile("greeter")).first
        expect(row).to_contain_text("$0.000")
        expect(page.locator("main")).to_contain_text("aws.amazon.com/lambda/pricing")

    # Delete and restore

    def delete_it(self) -> None:
        page = self.page
        self.tab("Configuration")
        page.get_by_role("button", name="Delete the function").click()
        page.wait_for_url(re.compile("/functions$|/deleted$"))
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        wait_for("the URL is gone", lambda: self.call("Ada").status_code in {403, 404}, 15)

    def restore_it(self) -> None:
        page = self.page
        page.goto(address(self.stack, "deleted"))
        page.get_by_role("button", name="Restore greeter").click()
        page.goto(self.function_page("monitor"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("greeter")
        wait_for("the URL answers again", lambda: self.call("Ada").status_code == 200, 15)


def test_the_main_job(page: Page, stack: Stack) -> None:
    person = Person(page, stack)
    person.log_in_for_the_first_time()
    person.go_through_the_five_steps()
    person.run_a_test()
    person.read_the_url()
    assert person.call("Ada").text == "Hello Ada from one"
    person.add_a_schedule()  # it fires within a minute, while other things are done
    person.edit_and_deploy(CHANGED)
    person.see_version_two_go_live()
    assert person.call("Ada").text == "Hello Ada from two"
    person.edit_and_deploy(BROKEN)
    person.see_the_deploy_fail()
    assert person.call("Ada").text == "Hello Ada from two"
    person.read_the_logs()
    person.watch_the_live_tail()
    person.see_it_fire()
    person.read_the_metrics()
    person.read_the_bill()
    person.delete_it()
    person.restore_it()
