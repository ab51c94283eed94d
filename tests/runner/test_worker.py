"""The worker process with a real Redis: its queues, its end, and a Redis that goes away."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from functions import queues
from functions.config import REPOSITORY
from runner.worker import Worker
from tests.support.redis_server import redis_client, redis_server, shared_redis_server
from tests.support.waiting import wait_until

__all__ = ["redis_client", "redis_server", "shared_redis_server"]
pytestmark = pytest.mark.redis


class Process:
    """`manage.py worker` as the supervisor starts it."""

    def __init__(self, server, home, *arguments):
        environment = {
            **os.environ,
            "REDIS_URL": server.url,
            "FUNCTORY_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "console.settings",
        }
        self.child = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "manage.py"), "worker", *arguments],
            env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.fixture
def start(redis_server, home):
    """Starts workers; all are gone after the test."""
    started = []

    def start(*arguments):
        started.append(Process(redis_server, home, *arguments).child)
        return started[-1]

    yield start
    for child in started:
        child.kill()
        child.communicate()


def put(client, queue, number):
    """A job that leaves a trace in Redis' own registry: a function of the standard library."""
    served = Queue(queue, connection=client, serializer=JSONSerializer)
    return served.enqueue_call("math.sqrt", args=[number], result_ttl=500)


def is_done(client, job):
    try:
        return client.hget(f"rq:job:{job.id}", "status") == b"finished"
    except RedisError:
        return False


def test_it_serves_the_queues_that_it_is_given_and_ends_when_told(start, redis_client):
    worker = start("--queues", "deploys,housekeeping")
    deploy, event = put(redis_client, queues.DEPLOYS, 4), put(redis_client, queues.EVENTS, 9)
    house = put(redis_client, queues.HOUSEKEEPING, 16)
    wait_until(lambda: is_done(redis_client, deploy) and is_done(redis_client, house))
    assert not is_done(redis_client, event)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


def test_without_names_it_serves_all(start, redis_client):
    start()
    jobs = [put(redis_client, name, 1) for name in (queues.DEPLOYS, queues.EVENTS, queues.HOUSEKEEPING)]
    wait_until(lambda: all(is_done(redis_client, job) for job in jobs))


def test_it_outlives_redis(start, redis_server, redis_client):
    worker = start("--queues", "deploys")
    first = put(redis_client, queues.DEPLOYS, 4)
    wait_until(lambda: is_done(redis_client, first))
    redis_server.kill()
    redis_server.start()
    with redis_server.client() as client:
        second = put(client, queues.DEPLOYS, 9)
        wait_until(lambda: is_done(client, second))
    assert worker.poll() is None


@pytest.mark.parametrize("before_s", [0, 0.5, 2])
def test_it_ends_when_told_also_when_redis_ends_with_it(start, redis_server, redis_client, before_s):
    worker = start("--queues", "deploys")
    first = put(redis_client, queues.DEPLOYS, 4)
    wait_until(lambda: is_done(redis_client, first))
    redis_server.kill()
    try:
        time.sleep(before_s)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0
    finally:
        redis_server.start()


def test_a_name_that_is_no_queue_is_refused(start):
    worker = start("--queues", "deploys,nonsense")
    _, complaint = worker.communicate(timeout=60)
    assert worker.returncode != 0
    assert "not nonsense" in complaint


@pytest.fixture
def worker(redis_client):
    served = [Queue(queues.EVENTS, connection=redis_client, serializer=JSONSerializer)]
    made = Worker(served, connection=redis_client, serializer=JSONSerializer)
    made.stopping = threading.Event()
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield made
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])


def test_it_ends_when_told_though_a_failed_redis_left_it_busy(worker):
    worker.set_state(WorkerStatus.BUSY)  # as a job does whose end could not be written
    with pytest.raises(StopRequested):
        worker.request_stop(signal.SIGTERM, None)
    assert worker.stopping.is_set()


def test_a_job_that_runs_is_ended_first(worker):
    worker.set_state(WorkerStatus.BUSY)
    worker.executing = True
    worker.request_stop(signal.SIGTERM, None)
    assert worker.stopping.is_set()
