"""The engine and Redis go away, the disk fills up: accepted events survive, the API refuses with a message, and all is
well again by itself."""

from __future__ import annotations

import signal

import httpx
import pytest

from tests.faults.promises import BACK_S, answers, prove_kept, refusal, send_event
from tests.support.faulty_stack import FaultyStack
from tests.support.product import Product
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


def test_redis_stops_answering(faulty: Product, stack: FaultyStack) -> None:
    stack.kill("redis", signal.SIGSTOP)
    try:
        assert answers(faulty)
        found = refusal(faulty, InvocationType="Event")
        assert found is not None
        assert found[0] == 503
        assert found[1]
        assert faulty.page("functions").status_code == 200
    finally:
        stack.kill("redis", signal.SIGCONT)
    prove_kept(faulty, [send_event(faulty, n=4)], BACK_S)


def test_the_engine_is_away(faulty: Product, stack: FaultyStack) -> None:
    stack.take_engine()
    try:
        health = f"{stack.gateway}/_functory/health"
        wait_for("the trouble is noticed", lambda: httpx.get(health).status_code == 503, BACK_S)
        assert "docker engine" in faulty.page("health").text.lower()
    finally:
        stack.give_engine()
    wait_for("it is well again", lambda: httpx.get(health).status_code == 200, BACK_S)
    assert answers(faulty)


def test_a_full_disk_refuses_events_and_recovers(faulty: Product, stack: FaultyStack) -> None:
    stack.fill_disk()
    try:
        found = wait_for("events are refused", lambda: refusal(faulty, InvocationType="Event"), BACK_S)
        assert isinstance(found, tuple)
        assert found[0] == 503
        assert "is full" in found[1]
    finally:
        stack.free_disk()
    event = send_event(faulty, n=5)
    wait_for("calls run", lambda: answers(faulty), BACK_S)
    prove_kept(faulty, [event], BACK_S)
