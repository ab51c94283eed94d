"""CloudWatch Logs in tests: names and times, a call with a log, and what an answer's events say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.seed import Seed

GROUP = "/aws/lambda/hello"
OWN = {"logGroupName": "/app/own"}
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = MIDNIGHT - timedelta(hours=12)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def call(seed: Seed, at: datetime, log: str = "a line\n", took_s: float = 0.0, **more: Any) -> Any:
    return seed.invocation(at=at, log=log, duration_us=int(took_s * 1_000_000), **more)


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"].rstrip("\n") for event in answer["events"]]
