"""Every runtime that is not made at each start, and a container image, as somebody meets it: chosen in the wizard,
deployed (from its starter), edited, deployed again, tried, and called by its URL."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from functions.runtimes import RUNTIMES, Runtime
from functions.starters import starter
from tests.support.console import address, log_in
from tests.support.stack import Stack
from tests.support.user_images import build_image, id_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.docker,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.on_demand,
]

# Custom runtimes are tried with the starters.
ROWS = [row for row in RUNTIMES.values() if not row.eager and row.folder != "provided"]
DEPLOY_MS = 580_000  # the first one of a runtime makes its images
IMAGE = "functory-test/browser:1"
DOCKERFILE = """ARG RUNTIME
FROM ${RUNTIME}
COPY bootstrap /app/bootstrap
ENTRYPOINT ["/usr/bin/python3", "/app/bootstrap"]
CMD ["first"]
"""
PROGRAM = """import json, os, sys, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as answer:
        request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    told = json.dumps({"message": "Hello from " + sys.argv[1]}).encode()
    urllib.request.urlopen(api + request + "/response", data=told).read()
"""
SILENT = "There is no image of"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.identifier)
def test_a_function_of_each_runtime_lives_its_life(page: Page, stack: Stack, row: Runtime) -> None:
    name = re.sub("[^a-z0-9]", "", row.identifier)
    log_in(page, stack)
    page.goto(address(stack, "new?starter=hello"))
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Next: runtime").click()
    page.locator(f"input[name=runtime][value='{row.identifier}']").check()
    page.get_by_role("button", name="Next: code").click()
    expect(page.locator(".cm-content")).to_be_visible()
    page.get_by_role("button", name="Next: trigger").click()
    page.locator("input[name=kind][value=function_url]").check()
    page.get_by_role("button", name="Next: review").click()
    page.get_by_role("button", name="Deploy", exact=True).click()
    tries = page.get_by_role("button", name="Run test")
    failed = page.locator('#deployment[data-state="failed"]')
    expect(tries.or_(failed).first).to_be_visible(timeout=DEPLOY_MS)
    if failed.is_visible():
        if SILENT in failed.inner_text():
            pytest.skip(f"no image of {row.identifier}: its source does not answer here")
        pytest.fail(failed.inner_text())
    _try(page, "Hello, Ada")
    _edit(page, row)
    _try(page, "Welcome, Ada")
    assert _called(page, stack)["message"].startswith("Welcome, ")


def test_a_function_of_a_container_image_lives_its_life(page: Page, stack: Stack) -> None:
    build_image(IMAGE, DOCKERFILE, {"bootstrap": PROGRAM})
    log_in(page, stack)
    page.goto(address(stack, "new"))
    page.get_by_label("Name", exact=True).fill("boxed")
    page.get_by_role("button", name="Next: runtime").click()
    page.locator("input[name=runtime][value=image]").check()
    page.get_by_role("button", name="Next: code").click()
    page.get_by_role("button", name="Next: trigger").click()
    expect(page.get_by_text("is not valid. Provide a valid source image")).to_be_visible()
    page.locator(f"input[name=image][value='{IMAGE}']").check()
    page.get_by_role("button", name="Next: trigger").click()
    page.locator("input[name=kind][value=function_url]").check()
    page.get_by_role("button", name="Next: review").click()
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("button", name="Run test")).to_be_visible(timeout=DEPLOY_MS)
    _try(page, "Hello from first")
    page.get_by_role("navigation").get_by_role("link", name="Code", exact=True).click()
    expect(page.locator("dl.facts")).to_contain_text(f"@{id_of(IMAGE)}")
    expect(page.locator(f"input[name=image][value='{IMAGE}']")).to_be_checked()
    page.get_by_text("Settings of the image that are replaced").click()
    page.locator("#field-command").fill("'second one'")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.locator("#deployment")).to_contain_text("as version 2", timeout=DEPLOY_MS)
    page.get_by_role("navigation").get_by_role("link", name="Test", exact=True).click()
    _try(page, "Hello from second one")
    assert _called(page, stack)["message"] == "Hello from second one"
    page.get_by_role("navigation").get_by_role("link", name="Security", exact=True).click()
    held = page.get_by_role("region", name="Read back from a sandbox that runs now")
    expect(held).to_contain_text("to which its version is pinned")
    expect(held).not_to_contain_text("does not hold")


def _try(page: Page, message: str) -> None:
    page.get_by_role("button", name="Run test").click()
    result = page.locator(".result")
    expect(result).to_contain_text("Succeeded", timeout=60_000)
    expect(result.locator("#response")).to_contain_text(message)


def _edit(page: Page, row: Runtime) -> None:
    """Another greeting in place of the starter's."""
    source = dict(starter(row.identifier, "hello").files)[row.default_file].content.decode()
    page.get_by_role("navigation").get_by_role("link", name="Code", exact=True).click()
    text = page.locator(".cm-content").first
    text.click()
    page.evaluate("text => navigator.clipboard.writeText(text)", source.replace("Hello, ", "Welcome, "))
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+v")
    expect(text).to_contain_text("Welcome, ")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.locator("#deployment")).to_contain_text("as version 2", timeout=DEPLOY_MS)
    page.get_by_role("navigation").get_by_role("link", name="Test", exact=True).click()


def _called(page: Page, stack: Stack) -> dict[str, str]:
    url = page.locator(".function-heading .copyable-text").first.inner_text()
    assert url.startswith(stack.gateway)
    with urllib.request.urlopen(url, data=b"{}", timeout=30) as answer:
        told: dict[str, str] = json.loads(answer.read())
    return told
