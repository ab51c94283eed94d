"""Which charts the metric pages show, and the JSON that static/js/charts.js draws them from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.charts import Chart, Line, Number, axis, columns
from console.ranges import TimeRange

CALLS = Chart(
    "calls",
    "Calls and errors",
    (Line("invocations", "Calls"), Line("errors", "Errors", tone="red")),
    bars=True,
    explanation="Errors are the function's own: raised, timed out, out of memory, exited, failed to start.",
)
DURATION = Chart(
    "duration",
    "Duration",
    (
        Line("p50_us", "p50", "us", "green"),
        Line("p95_us", "p95", "us", "accent"),
        Line("p99_us", "p99", "us", "purple"),
    ),
    explanation="Half, 95 % and 99 % of the calls took at most this long in the handler.",
    compared=1,
)
COLD = Chart(
    "cold",
    "Cold starts",
    (Line("cold_starts", "Cold starts", tone="amber"),),
    bars=True,
    explanation="Calls that had to start an execution environment first.",
)
THROTTLES = Chart(
    "throttles",
    "Throttles and platform failures",
    (
        Line("throttles", "Throttles", tone="amber"),
        Line("platform_failures", "Platform failures", tone="red"),
    ),
    bars=True,
    explanation="Calls that did not run. They are never charged.",
)
COST = Chart("cost", "Cost", (Line("cost_usd", "Cost", "usd", "green"),), bars=True)
CONCURRENCY = Chart(
    "concurrency",
    "Concurrency",
    (Line("concurrency_max", "Concurrent calls", "count", "purple"),),
    bars=True,
    explanation="The most calls that ran at once in each step.",
)
CHARTS = (CALLS, DURATION, COLD, THROTTLES, COST, CONCURRENCY)


@dataclass(frozen=True, slots=True)
class DeployMark:
    """When which version went live."""

    at: datetime
    label: str


Rows = dict[int, dict[str, Number | None]]


def answer(
    *, within: TimeRange, rows: Rows, deploys: list[DeployMark], before: Rows | None = None
) -> dict[str, Any]:
    """The JSON for a page's charts: times in Unix seconds, one column for each curve. `before` holds the rows
    of `within.before`: each chart then has one more column, in which every step stands where the step a whole
    range later stands in the others."""
    times = axis(within.start, within.end, within.step_s)
    shown = [_chart(chart, times, rows) for chart in CHARTS]
    if before is not None:
        length = int((within.end - within.start).total_seconds())
        earlier = [moment - length for moment in times]
        for chart, drawn in zip(CHARTS, shown, strict=True):
            line = chart.lines[chart.compared]
            drawn["before"] = {"line": chart.compared, "column": columns(earlier, before, (line,))[0]}
    return {
        "times": times,
        "step": within.step_s,
        "charts": shown,
        "deploys": [{"at": mark.at.timestamp(), "label": mark.label} for mark in deploys],
    }


def _chart(chart: Chart, times: list[int], rows: Rows) -> dict[str, Any]:
    return {
        "key": chart.key,
        "title": chart.title,
        "bars": chart.bars,
        "lines": [{"label": line.label, "unit": line.unit, "tone": line.tone} for line in chart.lines],
        "columns": columns(times, rows, chart.lines),
    }
