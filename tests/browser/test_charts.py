"""What the charts draw of a function that has only just run: its one step, the newest, is seen and can be opened."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from functions.config import REPOSITORY

pytestmark = pytest.mark.browser

ORIGIN = "http://charts.test"
STEP = 300
TIMES = [1_760_000_100 + STEP * step for step in range(12)]
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/static/vendor/uplot/uPlot.min.css">
<link rel="stylesheet" href="/static/css/telemetry.css">
<script src="/static/vendor/uplot/uPlot.iife.min.js"></script>
<div data-charts data-source="/series" style="width: 600px">%s</div>
<script type="module" src="/static/js/charts.js"></script>"""
FIGURE = """<figure data-chart="%s" data-door="/calls"><div data-plot></div>
<details data-values-of><summary>Values</summary><div data-values></div></details></figure>"""
# Pixels of the plot itself that are a series' colour: neither the grey of grid and axis nor nothing.
COLOURED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 100 && Math.max(...data.slice(at, at + 3)) - Math.min(...data.slice(at, at + 3)) > 60) found += 1;
  return found;
}"""


def chart(key: str, unit: str, column: list[int | None], *, bars: bool) -> dict[str, object]:
    line = {"label": "Calls", "unit": unit, "tone": "green"}
    return {"key": key, "title": key, "bars": bars, "lines": [line], "columns": [column]}


def answer(route: Route) -> None:
    path = route.request.url.removeprefix(ORIGIN)
    newest: list[int | None] = [*[0] * 11, 7]
    alone: list[int | None] = [*[None] * 11, 2500]
    charts = [chart("calls", "count", newest, bars=True), chart("duration", "us", alone, bars=False)]
    if path.startswith("/static/"):
        route.fulfill(path=REPOSITORY / path.removeprefix("/"))
    elif path == "/series":
        drawn = {"times": TIMES, "step": STEP, "charts": charts, "deploys": []}
        route.fulfill(body=json.dumps(drawn), content_type="application/json")
    else:
        figures = "".join(FIGURE % key for key in ("calls", "duration"))
        route.fulfill(body=PAGE % figures, content_type="text/html")


@pytest.fixture
def drawn(browser: Browser) -> Iterator[Page]:
    """A page with two charts of an hour, in whose last five minutes there were seven calls."""
    page = browser.new_page(viewport={"width": 800, "height": 700})
    page.route(f"{ORIGIN}/**", answer)
    page.goto(ORIGIN)
    expect(page.locator("[data-charts]")).to_have_attribute("data-state", "drawn")
    yield page
    page.close()


@pytest.mark.parametrize("key", ["calls", "duration"])
def test_the_newest_step_is_seen_though_it_stands_alone(drawn: Page, key: str) -> None:
    assert drawn.locator(f"[data-chart={key}] canvas").evaluate(COLOURED) > 10


@pytest.mark.parametrize("part", [0.1, 0.9])
def test_all_of_a_steps_width_tells_its_value_and_opens_it(drawn: Page, part: float) -> None:
    over = drawn.locator("[data-chart=calls] .u-over")
    box = over.bounding_box()
    assert box is not None
    at = {"x": box["width"] * (11 + part) / 12, "y": box["height"] / 2}
    over.hover(position=at)  # type: ignore[arg-type]
    expect(drawn.locator("[data-chart=calls] .u-legend")).to_contain_text("7")
    over.click(position=at)  # type: ignore[arg-type]
    drawn.wait_for_url("**/calls?*")
    assert "from=2025-10-09T09%3A50%3A00" in drawn.url
