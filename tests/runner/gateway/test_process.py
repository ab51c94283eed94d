"""The whole gateway as a process with real sandboxes: it answers, it survives being killed, losing its engine
and losing Redis, and it leaves nothing behind."""

import contextlib
import signal
import threading

import botocore.exceptions
import httpx
import pytest

from functions.keys import read_or_create_key
from functions.tokens import make_ticket
from runner.client import GatewayClient, GatewayDown, GatewayRefused, Order
from tests.runner.gateway.installation import Installation
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.redis]


@pytest.fixture(scope="module")
def planted():
    installation = Installation()
    yield installation
    installation.remove()


@pytest.fixture
def gateway(planted):
    planted.start()
    yield planted
    if planted.process.poll() is None:
        planted.end()
    wait_until(lambda: planted.containers() == [], 30)


def test_an_sdk_calls_and_a_browser_watches(gateway):
    heard = []

    def watch(stream):
        # Closed by the test's end while it waits for the next line.
        with contextlib.suppress(httpx.TransportError):
            for line in stream.iter_lines():
                heard.append(line)

    claims = {"project": gateway.planted["project"], "function": gateway.planted["functions"]["hello"]}
    ticket = make_ticket(read_or_create_key(gateway.config.keys / "relay"), claims)
    address = f"http://{gateway.config.gateway}/_functory/tail?ticket={ticket}"
    with httpx.stream("GET", address) as stream:
        threading.Thread(target=watch, args=(stream,), daemon=True).start()
        assert gateway.invoke(event={"n": 1}) == {"n": 1}
        wait_until(lambda: any("a line" in line for line in heard))
        answer = gateway.get(f"/url/{gateway.planted['urls']['hello']}/x?q=1")
        assert answer.json()["rawPath"] == "/x"
    with GatewayClient(gateway.config) as client:
        record = client.invoke(Order(function_id=gateway.planted["functions"]["hello"], qualifier="live"))
        assert (record.version, record.alias) == ("1", "live")
        assert len(client.sandboxes().sandboxes) == 2
    wait_until(lambda: len(gateway.recorded()) == 3)


def test_stopping_waits_for_the_running_call_and_leaves_nothing(gateway):
    answers = []
    calling = threading.Thread(target=lambda: answers.append(gateway.invoke("slow", {"s": 1.5})))
    calling.start()
    with GatewayClient(gateway.config) as client:
        wait_until(lambda: any(one.state == "busy" for one in client.sandboxes().sandboxes))
    assert gateway.end() == 0
    calling.join(20)
    assert answers == ["slept"]
    assert gateway.containers() == []
    assert list((gateway.home / "journal").iterdir()) == []


def cut_off(gateway):
    with pytest.raises(botocore.exceptions.HTTPClientError):
        gateway.invoke("slow", {"s": 20})


def test_killed_in_the_middle_it_comes_back_clean(gateway):
    gateway.redis.stop()
    gateway.invoke(event={"n": 1})
    calling = threading.Thread(target=cut_off, args=(gateway,))
    calling.start()
    with GatewayClient(gateway.config) as client:
        wait_until(lambda: any(one.state == "busy" for one in client.sandboxes().sandboxes))
    gateway.end(signal.SIGKILL)
    calling.join(20)
    left = gateway.containers()
    assert left
    gateway.redis.start()
    before = len(gateway.recorded())
    gateway.start()
    assert not set(left) & set(gateway.containers())
    wait_until(lambda: len(gateway.recorded()) > before)  # the journal's tail was shipped
    assert gateway.invoke(event={"n": 2}) == {"n": 2}


def test_without_an_engine_it_says_so_and_recovers(planted):
    planted.take_engine()
    try:
        planted.start(wait=False)
        wait_until(lambda: planted.health() is not None, 60)
        assert not planted.health().ok
        assert planted.get("/_functory/health").status_code == 503
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            planted.invoke()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert "engine" in caught.value.response["Error"]["Message"]
    finally:
        planted.give_engine()
    wait_until(lambda: planted.health().ok, 60)
    assert planted.invoke(event={"n": 3}) == {"n": 3}
    planted.end()


def test_without_redis_calls_run_and_events_are_refused(gateway):
    gateway.redis.stop()
    try:
        assert gateway.invoke(event={"n": 4}) == {"n": 4}
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            gateway.invoke(InvocationType="Event")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        wait_until(lambda: gateway.health().redis != "ok")
        assert gateway.health().ok
        assert gateway.health().journal_backlog > 0
    finally:
        gateway.redis.start()
    wait_until(lambda: gateway.health().journal_backlog == 0)
    wait_until(lambda: gateway.health().redis == "ok")


def test_a_stopped_gateway_is_told_apart(planted):
    with GatewayClient(planted.config) as client, pytest.raises(GatewayDown, match="not running"):
        client.invoke(Order(function_id=planted.planted["functions"]["hello"]))


def test_an_unknown_function_is_refused(gateway):
    with GatewayClient(gateway.config) as client, pytest.raises(GatewayRefused, match="not found"):
        client.invoke(Order(function_id=gateway.planted["project"]))


def test_many_at_once(gateway):
    answers = []
    threads = [
        threading.Thread(target=lambda n=number: answers.append(gateway.invoke("slow", {"s": 0.5, "n": n})))
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == ["slept"] * 6
