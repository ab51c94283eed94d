"""A key made on the console, a program that uses it with an unmodified AWS SDK, and what a person then finds."""

from __future__ import annotations

import io
import json
import zipfile

import boto3
import pytest
from playwright.sync_api import Page, expect

from tests.support.console import address, log_in
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

CODE = b"""def lambda_handler(event, context):
    print("called with", event)
    if event.get("fail"):
        raise ValueError("as asked")
    return {"doubled": event["n"] * 2}
"""


def make_key(page: Page, stack: Stack) -> tuple[str, str]:
    page.goto(address(stack, "settings/keys"))
    page.get_by_label("What for").fill("a test")
    page.get_by_role("button", name="Create key").click()
    made = page.get_by_role("status").locator(".copyable-text")
    return made.nth(0).inner_text(), made.nth(1).inner_text()


def lambda_client(stack: Stack, key: tuple[str, str]):
    return boto3.client(
        "lambda",
        endpoint_url=stack.gateway,
        region_name="us-east-1",
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
    )


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lambda_function.py", CODE)
    return buffer.getvalue()


def test_a_program_calls(page: Page, stack: Stack) -> None:
    log_in(page, stack)
    client = lambda_client(stack, make_key(page, stack))
    client.create_function(
        FunctionName="doubler",
        Runtime="python3.13",
        Handler="lambda_function.lambda_handler",
        Role="arn:aws:iam::000000000001:role/lambda",
        Code={"ZipFile": package()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="doubler")
    answer = client.invoke(FunctionName="doubler", Payload=b'{"n": 21}')
    assert json.loads(answer["Payload"].read()) == {"doubled": 42}
    find_by_request_id(page, stack, answer["ResponseMetadata"]["RequestId"], "Succeeded")
    failed = client.invoke(FunctionName="doubler", Payload=b'{"fail": true}')
    assert failed["FunctionError"] == "Unhandled"
    find_by_request_id(page, stack, failed["ResponseMetadata"]["RequestId"], "raised an error")
    expect(page.locator("main")).to_contain_text("as asked")
    accepted = client.invoke(FunctionName="doubler", InvocationType="Event", Payload=b'{"n": 1}')
    assert accepted["StatusCode"] == 202
    find_by_request_id(page, stack, accepted["ResponseMetadata"]["RequestId"], "Succeeded")
    expect(page.locator("main")).to_contain_text("asynchronous")
    client.delete_function(FunctionName="doubler")
    page.goto(address(stack, "deleted"))
    expect(page.get_by_role("cell", name="doubler", exact=True)).to_be_visible()


def find_by_request_id(page: Page, stack: Stack, request_id: str, words: str) -> None:
    """As typed into the search; the record may take a moment, and an event its turn."""

    def found() -> bool:
        page.goto(address(stack, f"invocations/{request_id}"))
        return words in page.get_by_role("heading", level=1).inner_text()

    wait_for(f"the page of {request_id} says {words!r}", found, 60)
