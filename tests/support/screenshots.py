"""Pictures of every page and state, in the light, in the dark and on a phone: `make screenshots`. Starts an
installation of its own, furnishes it with real functions and calls and with a month of planted telemetry, and
writes into docs/screenshots. Names after the module (`make screenshots SHOTS="home code"`) take only those."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, expect

from functions.config import REPOSITORY
from tests.support.browser import chromium
from tests.support.console import ACCOUNT, log_in
from tests.support.product import Product
from tests.support.stack import Stack, running_stack

FOLDER = REPOSITORY / "docs" / "screenshots"
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
TALLEST = 1600
QUALITY = 60  # JPEG: a third of a PNG's size, with text as sharp as a README shows it
SHOP = '''import json
import logging

log = logging.getLogger()
log.setLevel("INFO")


def lambda_handler(event, context):
    """Takes an order, refuses one without a name."""
    log.info("order %s", json.dumps(event))
    return {"taken": True, "for": event["name"], "items": len(event.get("items", []))}
'''
FUNCTIONS = {
    "orders": "Takes orders from the shop",
    "thumbnails": "Makes previews of uploads",
    "nightly-report": "Sends the day's figures",
}


@dataclass(frozen=True)
class Shot:
    """A page's picture: its name, its address in the project, and what is done before it is taken."""

    name: str
    path: str
    act: Callable[[Page], object] | None = None


def _editor(page: Page) -> None:
    expect(page.locator(".cm-content").first).to_be_visible()


EMPTY = (
    Shot("empty-home", ""),
    Shot("tour", "?tour=1"),
    Shot("empty-functions", "functions"),
    Shot("empty-logs", "logs"),
)
WIZARD = tuple(
    Shot(f"wizard-{step}", f"functions/a-draft/draft/{step}", _editor if step == 3 else None)
    for step in range(1, 6)
)
PAGES = (
    Shot("home", ""),
    Shot("palette", "", lambda page: _palette(page, "o")),
    Shot("functions", "functions"),
    Shot("deleted", "deleted"),
    *WIZARD,
    Shot("code", "functions/orders/code", _editor),
    Shot("test", "functions/orders/test"),
    Shot("test-result", "functions/orders/test", lambda page: _run(page, '{"name": "Ada", "items": [1, 2]}')),
    Shot("test-error", "functions/orders/test", lambda page: _run(page, "{}")),
    Shot("monitor", "functions/orders/monitor"),
    Shot("triggers", "functions/orders/triggers"),
    Shot("configuration", "functions/orders/configuration"),
    Shot("versions", "functions/orders/versions"),
    Shot("security", "functions/orders/security"),
    Shot("all-triggers", "triggers"),
    Shot("events", "events"),
    Shot("dead-letters", "events?state=dead&function=nightly-report"),
    Shot("queues", "queues"),
    Shot("buckets", "buckets"),
    Shot("bucket", "buckets/photos"),
    Shot("logs", "logs"),
    Shot("metrics", "metrics"),
    Shot("metrics-compared", "metrics?span=24h&compare=1"),
    Shot("billing", "billing"),
    Shot("sandboxes", "sandboxes"),
    Shot("layers", "layers"),
    Shot("alarms", "alarms"),
    Shot("settings", "settings/project"),
    Shot("keys", "settings/keys"),
    Shot("secrets", "settings/secrets"),
    Shot("people", "settings/people"),
    Shot("limits", "settings/limits"),
    Shot("audit", "settings/audit"),
    Shot("about", "settings/about"),
    Shot("not-found", "functions/nothing-of-this-name/code"),
)


def main(names: Collection[str]) -> None:
    """Make all of them anew, or those that are named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.jpeg"):
        if not names or old.stem.rpartition("-")[0] in names:
            old.unlink()
    with running_stack() as stack, chromium() as browser:
        if not names or "log-in" in names:
            _outside(browser, stack)
        product = Product(stack)
        product.populate()
        _take(browser, stack, _wanted(EMPTY, names))
        ids = _furnish(product)
        calls = (
            Shot("invocation", f"invocations/{ids['good']}"),
            Shot("invocation-failed", f"invocations/{ids['bad']}"),
        )
        _take(browser, stack, _wanted((*PAGES, *calls), names))
    sys.stdout.write(f"{len(list(FOLDER.glob('*.jpeg')))} pictures in {FOLDER}\n")


def _wanted(shots: tuple[Shot, ...], names: Collection[str]) -> tuple[Shot, ...]:
    return tuple(shot for shot in shots if not names or shot.name in names)


def _outside(browser: Browser, stack: Stack) -> None:
    for look, page in _looks(browser):
        page.goto(f"{stack.console}/log-in")
        _picture(page, "log-in", look)


def _take(browser: Browser, stack: Stack, shots: tuple[Shot, ...]) -> None:
    with _context(browser, {}) as context:
        log_in(context.new_page(), stack)
        cookies = context.cookies()
    for look, page in _looks(browser):
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        for shot in shots:
            page.goto(f"{stack.console}/p/{ACCOUNT}/{shot.path}")
            page.wait_for_load_state("networkidle")
            if shot.act:
                shot.act(page)
            _picture(page, shot.name, look)


def _looks(browser: Browser) -> Iterator[tuple[str, Page]]:
    for look, words in LOOKS.items():
        with _context(browser, words) as context:
            yield look, context.new_page()


@contextmanager
def _context(browser: Browser, words: dict[str, object]) -> Iterator[BrowserContext]:
    context = browser.new_context(reduced_motion="reduce", **words)  # type: ignore[arg-type]
    yield context
    context.close()


def _picture(page: Page, name: str, look: str) -> None:
    page.evaluate("scrollTo(0, 0)")
    width = page.viewport_size["width"] if page.viewport_size else 1280
    tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    clip = {"x": 0, "y": 0, "width": width, "height": max(tall, 800)}
    page.screenshot(
        path=FOLDER / f"{name}-{look}.jpeg", type="jpeg", quality=QUALITY, full_page=True, clip=clip
    )  # type: ignore[arg-type]


def _palette(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name=re.compile("Search")).fill(text)
    expect(page.locator("#palette-results a").first).to_be_visible()


def _run(page: Page, event: str) -> None:
    editor = page.locator(".cm-content:visible, textarea:visible").first
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(event)
    page.get_by_role("button", name="Run test").first.click()
    expect(page.locator(".result")).to_contain_text("REPORT", timeout=30_000)


def _furnish(product: Product) -> dict[str, str]:
    """Real functions, real calls, an event that fails, a draft; and telemetry of a month behind them."""
    for name, description in FUNCTIONS.items():
        product.create(name, SHOP, Description=description, Publish=True)
    product.public_url("orders")
    good = [product.call("orders", {"name": "Ada", "items": [1, 2]})["id"] for _ in range(5)]
    bad = product.call("orders", {"items": []})["id"]
    product.client().put_function_event_invoke_config(FunctionName="nightly-report", MaximumRetryAttempts=0)
    for _ in range(3):
        product.client().invoke(FunctionName="nightly-report", InvocationType="Event", Payload=b"{}")
    product.record(bad)
    _store(product)
    environ = {**product.stack.environment(), "DJANGO_SETTINGS_MODULE": "console.settings"}
    planted = [sys.executable, "-m", "tests.support.plant_telemetry", *FUNCTIONS]
    subprocess.run(planted, env=environ, cwd=REPOSITORY, check=True, timeout=300)
    return {"good": good[-1], "bad": bad}


def _store(product: Product) -> None:
    """A queue with messages that wait, and a bucket with files in a folder."""
    queues, objects = product.client(service="sqs"), product.client(service="s3")
    address = queues.create_queue(QueueName="deliveries")["QueueUrl"]
    for number in range(3):
        queues.send_message(QueueUrl=address, MessageBody=f'{{"order": {number}}}')
    objects.create_bucket(Bucket="photos")
    for key in ("2026/harbour.jpeg", "2026/market.jpeg", "readme.txt"):
        objects.put_object(Bucket="photos", Key=key, Body=b"x" * 20_000)


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main(sys.argv[1:])
