"""A bad version behind a canary goes back by itself, with the reason on the screen."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address, log_in
from tests.support.product import Product, zipped
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

NAME = "canary-bird"
GOOD = "def lambda_handler(event, context):\n    return 'good'\n"
BAD = "def lambda_handler(event, context):\n    raise ValueError('does not sing')\n"


def call(product: Product) -> str:
    """What `live` answers: "good", or the type of its error."""
    client = product.client()
    answer = client.invoke(FunctionName=NAME, Qualifier="live", Payload=b"{}")
    told = json.loads(answer["Payload"].read())
    return told if isinstance(told, str) else str(told["errorType"])


def publish(product: Product, code: str) -> None:
    client = product.client()
    client.update_function_code(FunctionName=NAME, ZipFile=zipped({"lambda_function.py": code}), Publish=True)
    client.get_waiter("function_updated_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})


def test_a_bad_version_goes_back_by_itself(page: Page, stack: Stack, product: Product) -> None:
    product.create(NAME, GOOD, Publish=True)
    client = product.client()
    client.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    publish(product, BAD)
    log_in(page, stack)
    page.goto(address(stack, f"functions/{NAME}/versions"))
    form = page.get_by_role("form", name="Release gradually")
    form.get_by_label("Move live to version").select_option("2")
    form.get_by_label("How it takes over").select_option("custom")
    form.get_by_label("Percent of the calls").fill("50")
    form.get_by_role("button", name="Release gradually").click()
    expect(page.get_by_role("heading", name="Version 2 is being released")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Version 1 serves 50 %, version 2 serves 50 %")
    wait_for(
        "both versions are called", lambda: {call(product) for _ in range(8)} >= {"good", "ValueError"}, 20
    )
    for _ in range(60):
        call(product)
    ended = page.locator("section", has=page.get_by_role("heading", name="Releases"))
    expect(ended).to_contain_text("Rolled back by itself", timeout=40_000)
    expect(ended).to_contain_text("Error rate 100.0% against 0.0%")
    expect(page.locator("#function-heading")).to_contain_text("Version 1 serves all calls")
    assert {call(product) for _ in range(20)} == {"good"}
