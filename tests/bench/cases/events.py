"""Asynchronous events: how many are accepted durably a second, and how many are delivered."""

from __future__ import annotations

import time

from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import events
from tests.support.stack import wait_for

SECONDS = 2.0


def run(bench: Bench) -> None:
    """Accept for two seconds, then wait until all are delivered."""
    ours = bench.functory
    ours.end_idle("echo")
    requests = ours.signer.invokes("quick", events(), {"X-Amz-Invocation-Type": "Event"})
    began = time.monotonic()
    measured = bench.generator.run(Job(ours.port, requests, 64, SECONDS))
    accepted = measured.answered.get("202", 0)
    count = "select count(*) from functions_event where state = 'succeeded'"
    wait_for("all events are delivered", lambda: int(ours.product.rows(count)[0][0]) >= accepted, 120)
    took = time.monotonic() - began
    bench.add(
        Row(
            "events accepted",
            "64 connections",
            "events/s",
            {FUNCTORY: [measured.calls_per_s]},
            Bar(least_value=1000),
        )
    )
    bench.add(
        Row(
            "events delivered",
            f"{accepted:,} events, 2 workers",
            "events/s",
            {FUNCTORY: [accepted / took]},
            Bar(least_value=500),
        )
    )
    ours.sent["quick"] = ours.sent.get("quick", 0) + accepted
