"""`kill -9` of every process, alone, in the middle of work, just before a stop, and of all at once: accepted events
survive, and nothing is left of what has died, looked for by name."""

from __future__ import annotations

import threading
import time

import pytest

from functions.config import Config
from runner.client import GatewayClient
from tests.faults.promises import BACK_S, answers, prove_kept, refusal, send_event
from tests.support.faulty_stack import FaultyStack, left_of
from tests.support.product import Product
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
PARTS = ("web", "relay", "recorder", "scheduler", "worker", "gateway", "redis")
EVENTS, NAP_S = 20, 2.5


def test_every_part_is_killed_and_comes_back(faulty: Product, stack: FaultyStack) -> None:
    events = []
    for part in PARTS:
        events.append(send_event(faulty, n=1))
        kill_and_await(stack, part)
        events.append(send_event(faulty, n=2))
        wait_for(f"calls run after {part} was killed", lambda: answers(faulty), BACK_S)
        wait_for("the console answers", lambda: faulty.page("functions").status_code == 200, BACK_S)
    prove_kept(faulty, events, 120)


@pytest.mark.parametrize("part", ["worker", "recorder", "redis"])
def test_a_part_is_killed_in_the_middle_of_attempts(
    faulty: Product, stack: FaultyStack, owed: list[str], part: str
) -> None:
    events = [send_event(faulty, s=NAP_S, n=number) for number in range(EVENTS)]
    wait_for("attempts are under way", lambda: busy(stack) >= 2, BACK_S)
    kill_and_await(stack, part)
    assert in_flight(faulty), "all was done before the kill: it has shown nothing"
    owed += events


@pytest.mark.parametrize("delay_s", [0, 0.7])
def test_a_stop_just_after_the_gateway_was_killed_leaves_nothing(
    faulty: Product, stack: FaultyStack, delay_s: float
) -> None:
    assert answers(faulty)
    stack.kill("gateway")
    time.sleep(delay_s)
    began = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - began < 20, "the gateway's grace was used up"
    wait_for("nothing but the disk is left", lambda: not left_of(stack), 10)
    stack.start()
    wait_for("calls run", lambda: answers(faulty), BACK_S)


def test_the_supervisor_is_killed_and_all_end_by_themselves(faulty: Product, stack: FaultyStack) -> None:
    event = send_event(faulty, n=6)
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    wait_for("all have ended", lambda: not stack.pids(), 60)
    wait_for("nothing but the disk is left", lambda: not left_of(stack), 10)
    stack.start()
    prove_kept(faulty, [event], 120)


def test_what_a_power_cut_leaves_goes_at_the_next_start(
    faulty: Product, stack: FaultyStack, owed: list[str]
) -> None:
    owed += [send_event(faulty, s=1, n=number) for number in range(4)]
    call = threading.Thread(target=refusal, args=(faulty,), daemon=True)
    call.start()
    stack.kill_everything()
    call.join(30)
    left = left_of(stack)
    for kind in ("container ", "network ", "table ", "/out", "/s.sock", "gateway.sock"):
        assert any(kind in line for line in left), f"no {kind} was left: the cut has shown nothing"
    stack.start()
    wait_for("calls run", lambda: answers(faulty), BACK_S)
    assert of_one_life(stack, left) & of_one_life(stack, left_of(stack)) == set()
    assert stack.stop() == 0
    wait_for("nothing but the disk is left", lambda: not left_of(stack), 10)
    stack.start()


def kill_and_await(stack: FaultyStack, part: str) -> None:
    old = stack.kill(part)
    wait_for(f"{part} is back", lambda: stack.pids().get(part, old) != old, BACK_S)


def busy(stack: FaultyStack) -> int:
    """How many sandboxes run a call now."""
    with GatewayClient(Config.from_environ(stack.environment())) as gateway:
        return sum(one.state == "busy" for one in gateway.sandboxes().sandboxes)


def in_flight(product: Product) -> int:
    """Events that are claimed or wait."""
    query = "select count(*) as number from functions_event where state in ('pending', 'claimed')"
    return int(product.rows(query)[0]["number"])


def of_one_life(stack: FaultyStack, lines: list[str]) -> set[str]:
    """Those of the remains that no later run makes again under the same name."""
    kinds = ("container ", "network ", "/dev/loop", f"/run/functory/{stack.instance}/")
    return {line for line in lines if line.startswith(kinds)}
