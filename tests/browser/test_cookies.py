"""Theft and fixation, tried in a real browser: a function's page on the gateway's origin goes after the session
of a person who is logged in to the console on the same host (cookies ignore ports)."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from tests.support.console import address, log_in
from tests.support.product import Product
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

NAMES = ("functory_session", "functory_csrf")
CODE = '''import json
PAGE = """<!doctype html><title>evil</title><form id=out method=post action="%s/log-out"></form><pre id=found></pre>
<script>
const found = {};
try { found.read = document.cookie } catch (error) { found.read = error.name }
for (const name of ["functory_session", "functory_csrf"])
  for (const where of ["", "; domain=localhost", "; domain=127.0.0.1", "; path=/"])
    try { document.cookie = name + "=fixed" + where } catch (error) { found.write = error.name }
try { found.kept = document.cookie } catch (error) { found.kept = error.name }
const tries = ["GET", "POST"].map(method =>
  fetch("%s/p/000000000001/functions", {method, credentials: "include"})
    .then(async answer => answer.status + (await answer.text()).slice(0, 40), error => error.name));
Promise.all(tries).then(answers => {
  found.calls = answers;
  document.getElementById("found").textContent = JSON.stringify(found);
});
</script>"""


def lambda_handler(event, context):
    if event["rawPath"].endswith("/event"):
        return {"cookies": event.get("cookies", []), "header": event["headers"].get("cookie", "")}
    console = event["queryStringParameters"]["console"]
    return {
        "statusCode": 200,
        "headers": {"content-type": "text/html", "set-cookie": "functory_session=fixed; Path=/"},
        "cookies": ["functory_session=fixed; Path=/", "functory_csrf=fixed; Path=/", "own=kept; Path=/"],
        "body": PAGE % (console, console),
    }
'''


@pytest.fixture(scope="module")
def thief(stack: Stack) -> str:
    """The path-style address of a function that everybody may call."""
    product = Product(stack)
    product.populate()
    product.create("thief", CODE)
    return product.public_url("thief")


def consoles_cookies(page: Page) -> dict[str, str]:
    return {one["name"]: one["value"] for one in page.context.cookies() if one["name"] in NAMES}


def attack(page: Page, thief: str, console: str) -> dict[str, object]:
    page.goto(f"{thief}?console={console}")
    wait_for("the page has tried everything", lambda: page.locator("#found").inner_text(), 30)
    return json.loads(page.locator("#found").inner_text())


@pytest.fixture
def visitor(browser):
    """A person whose browser may complain: the attacks are meant to be refused."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_a_path_style_page_neither_reads_nor_sets_the_session(
    visitor: Page, stack: Stack, thief: str
) -> None:
    log_in(visitor, stack)
    before = consoles_cookies(visitor)
    assert "functory_session" in before
    found = attack(visitor, thief, stack.console)
    assert found["read"] == found["kept"] == "SecurityError"
    assert found["calls"] == ["TypeError", "TypeError"]
    assert consoles_cookies(visitor) == before
    assert {one["name"]: one["value"] for one in visitor.context.cookies()}["own"] == "kept"
    visitor.goto(f"{thief}event")
    seen = json.loads(visitor.locator("body").inner_text())
    assert seen["cookies"] == ["own=kept"]
    assert not any(name in seen["header"] for name in NAMES)


def test_a_form_of_the_page_does_nothing_on_the_console(visitor: Page, stack: Stack, thief: str) -> None:
    log_in(visitor, stack)
    attack(visitor, thief, stack.console)
    with visitor.expect_navigation() as sent:
        visitor.evaluate("document.getElementById('out').submit()")
    assert sent.value.status == 403
    visitor.goto(address(stack, "functions"))
    assert visitor.url == address(stack, "functions")  # still logged in


def test_a_page_on_its_own_host_does_not_reach_the_console(visitor: Page, stack: Stack, thief: str) -> None:
    port = stack.gateway.rpartition(":")[2]
    url_id = thief.rstrip("/").rpartition("/")[2]
    local = Stack(
        stack.home, console=stack.console.replace("127.0.0.1", "localhost"), password=stack.password
    )
    log_in(visitor, local)
    before = consoles_cookies(visitor)
    found = attack(visitor, f"http://{url_id}.localhost:{port}/", local.console)
    assert not any(name in str(found["read"]) for name in NAMES)
    assert found["calls"] == ["TypeError", "TypeError"]
    on_console = {one["name"]: one["value"] for one in visitor.context.cookies(local.console)}
    assert {name: on_console[name] for name in before} == before
    visitor.goto(address(local, "functions"))
    assert visitor.url == address(local, "functions")
