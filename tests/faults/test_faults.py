"""Every part is killed, the engine and Redis go away, the disk fills up: accepted events survive, the API refuses
with a message, and all is well again by itself."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from uuid import UUID

import botocore.exceptions
import httpx
import pytest

from tests.support.faulty_stack import FaultyStack
from tests.support.product import Product
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
BACK_S = 90
PARTS = ("web", "relay", "recorder", "scheduler", "worker", "gateway", "redis")


def answers(product: Product) -> bool:
    """Whether a call runs now."""
    try:
        return bool(product.call("naps", {"n": 1})["payload"] == {"n": 1})
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
        return False


def refusal(product: Product, **more: str) -> tuple[int, str] | None:
    """Status and message when a call is refused now; None when it is not."""
    try:
        product.client().invoke(FunctionName="naps", Payload=b"{}", **more)
    except botocore.exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Message"]
    except botocore.exceptions.BotoCoreError:
        return None
    return None


def send_event(product: Product, **event: float) -> str:
    """An accepted event's id; tried again as a program's SDK would, since only a 202 is a promise."""
    accepted: list[str] = []

    def send() -> bool:
        try:
            answer = product.client().invoke(
                FunctionName="naps", InvocationType="Event", Payload=json.dumps(event)
            )
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            return False
        accepted.append(answer["ResponseMetadata"]["RequestId"])
        return True

    wait_for("an event is accepted", send, BACK_S)
    return accepted[0]


def has_succeeded(product: Product, event_id: str) -> bool:
    rows = product.rows("select state from functions_event where id = ?", UUID(event_id).hex)
    return [row["state"] for row in rows] == ["succeeded"]


def prove_kept(product: Product, events: list[str], limit_s: float) -> None:
    """Every one is done, has one success, and no attempt twice."""
    for event_id in events:
        wait_for(f"event {event_id} is done", lambda one=event_id: has_succeeded(product, one), limit_s)
        rows = product.rows(
            "select attempt, outcome from functions_invocation where event_id = ?", UUID(event_id).hex
        )
        assert [row["outcome"] for row in rows].count("success") == 1
        assert len({row["attempt"] for row in rows}) == len(rows)


@pytest.fixture
def stack(faulty: Product) -> FaultyStack:
    assert isinstance(faulty.stack, FaultyStack)
    return faulty.stack


def test_every_part_is_killed_and_comes_back(faulty: Product, stack: FaultyStack) -> None:
    events = []
    for part in PARTS:
        events.append(send_event(faulty, n=1))
        old = stack.kill(part)
        wait_for(f"{part} is back", lambda p=part, o=old: stack.pids().get(p, o) != o, BACK_S)
        events.append(send_event(faulty, n=2))
        wait_for(f"calls run after {part} was killed", lambda: answers(faulty), BACK_S)
        wait_for("the console answers", lambda: faulty.page("functions").status_code == 200, BACK_S)
    prove_kept(faulty, events, 120)


def test_a_power_cut_leaves_nothing_behind(faulty: Product, stack: FaultyStack) -> None:
    call = threading.Thread(target=refusal, args=(faulty,), daemon=True)
    events = [send_event(faulty, n=3)]
    call.start()
    before = containers(stack)
    assert before
    stack.kill_everything()
    call.join(30)
    stack.start()
    wait_for("calls run", lambda: answers(faulty), BACK_S)
    assert not before & containers(stack)
    left = [line for line in stack.leftovers() if any(name in line for name in before)]
    assert left == []
    prove_kept(faulty, events, 120)


def containers(stack: FaultyStack) -> set[str]:
    command = ["docker", "ps", "-aq", "--filter", f"label=functory.instance={stack.instance}"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


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
