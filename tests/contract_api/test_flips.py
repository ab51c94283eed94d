"""An alias that is moved to and fro under load: no call fails, and each gets what the alias points at."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass

import pytest

from tests.support.product import zipped

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

FLIPS = 10
CALLERS = 4
# An announcement takes its way over Redis: what was called a moment after the move may still meet the old version.
SETTLE_S = 0.25
CODE = "def lambda_handler(event, context):\n    return context.function_version\n"


@dataclass(frozen=True)
class Called:
    began: float
    ended: float
    answer: str
    error: str


def callers(product, stop, found):
    def run() -> None:
        client = product.client()
        while not stop.is_set():
            began = time.monotonic()
            answer = client.invoke(FunctionName="flipped", Qualifier="stable", Payload=b"{}")
            told = str(json.loads(answer["Payload"].read()))
            found.append(Called(began, time.monotonic(), told, answer.get("FunctionError", "")))

    return [threading.Thread(target=run) for _ in range(CALLERS)]


def test_no_call_fails_while_an_alias_moves(product):
    product.create("flipped", CODE, Publish=True)
    client = product.client()
    package = zipped({"lambda_function.py": CODE + "\n"})
    client.update_function_code(FunctionName="flipped", ZipFile=package, Publish=True)
    client.get_waiter("function_updated_v2").wait(FunctionName="flipped", WaiterConfig={"Delay": 1})
    client.create_alias(FunctionName="flipped", Name="stable", FunctionVersion="1")

    found: list[Called] = []
    moved: list[tuple[float, str]] = [(time.monotonic(), "1")]
    stop = threading.Event()
    threads = callers(product, stop, found)
    for thread in threads:
        thread.start()
    try:
        for flip in range(FLIPS):
            time.sleep(2 * SETTLE_S)
            version = "21"[flip % 2]
            client.update_alias(FunctionName="flipped", Name="stable", FunctionVersion=version)
            moved.append((time.monotonic(), version))
        time.sleep(2 * SETTLE_S)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)

    assert len(found) > 20 * FLIPS
    assert [call for call in found if call.error] == []
    ends = [at for at, _ in moved[1:]] + [time.monotonic()]
    for (at, version), until in zip(moved, ends, strict=True):
        settled = [call for call in found if call.began > at + SETTLE_S and call.ended < until - SETTLE_S / 2]
        assert {call.answer for call in settled} <= {version}
    assert {call.answer for call in found} == {"1", "2"}
