"""A hard budget as a program meets it: calls go through until it is used up, and again once it is lifted."""

from __future__ import annotations

import re
import time

import pytest
from botocore.exceptions import ClientError

from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


def test_calls_are_refused_once_it_is_used_up(product):
    product.create("spender")
    product.create("saver")
    product.post("billing/budgets", function="spender", amount="0.0001", hard="1")
    until = time.monotonic() + 60
    refusal: ClientError | None = None
    calls = 0
    while refusal is None and time.monotonic() < until:
        try:
            product.call("spender")
            calls += 1
        except ClientError as error:
            refusal = error
    assert refusal is not None
    assert calls >= 450  # a hundred million pico-dollars, at least 200,000 each
    shown = refusal.response
    assert shown["Error"]["Code"] == "TooManyRequestsException"
    assert shown["Reason"] == "FunctionInvocationRateLimitExceeded"
    assert "The monthly budget of the function spender is used up" in shown["message"]
    assert product.call("saver")["status"] == 200

    page = product.page("billing").text
    assert "Calls are refused" in page
    lift = re.search(r'action="/p/\d+/(billing/budgets/[^"]+/lift)"', page)
    assert lift is not None
    product.post(lift[1])

    def goes_through() -> bool:
        try:
            return product.call("spender")["status"] == 200
        except ClientError:
            return False

    wait_for("calls go through again", goes_through, 10)
