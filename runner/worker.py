"""The RQ worker: runs jobs in this process, one at a time, with everything imported beforehand. A fork per job, RQ's
default, would cost more than a save-to-live may take. Outlives Redis."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

import redis
from django.db import close_old_connections
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from functions import queues
from functions.config import Config

log = logging.getLogger("functory.worker")

ALL_QUEUES = (queues.DEPLOYS, queues.EVENTS, queues.HOUSEKEEPING, queues.IMAGES)
RECONNECT_S = 1.0


class Worker(SimpleWorker):
    """Keeps database connections fresh between jobs, and notes that it was told to stop: RQ's loop also ends when
    Redis fails it, and its farewell to a Redis that has ended as well hides why it ended."""

    stopping: threading.Event
    executing = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT: end after the current job. Whether there is one RQ tells by a state that stays "busy"
        when Redis fails in the middle of a job; it would then wait for the next one."""
        self.stopping.set()
        if not self.executing:
            raise StopRequested
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job."""
        close_old_connections()
        self.executing = True
        try:
            super().execute_job(job, queue)
        finally:
            self.executing = False
            close_old_connections()


def work(config: Config, names: Sequence[str]) -> None:
    """Serve these queues, the first before the others, until SIGTERM or SIGINT; a Redis that is away is waited
    for."""
    import_jobs()
    stopping = threading.Event()
    with suppress(StopRequested):  # also while it waits here, RQ's handler raises it
        while not _serve(config, names, stopping):
            time.sleep(RECONNECT_S)


def import_jobs() -> None:
    """Load what jobs need now, not when somebody waits."""
    from runner.jobs import deploy, drain, housekeeping, images

    log.debug("ready: %s", (deploy, drain, housekeeping, images))


def _serve(config: Config, names: Sequence[str], stopping: threading.Event) -> bool:
    """One RQ worker until it ends; whether it was told to."""
    # Its own connections: RQ waits on them for minutes, and sets their time-outs.
    client = redis.Redis.from_url(config.redis_address, socket_connect_timeout=5)
    try:
        served = [Queue(name, connection=client, serializer=JSONSerializer) for name in names]
        worker = Worker(served, connection=client, serializer=JSONSerializer, log_job_description=False)
        worker.stopping = stopping
        worker.work(with_scheduler=False, logging_level="WARNING")
    except redis.RedisError as error:
        if not stopping.is_set():
            log.warning("the worker waits for Redis: %s", error)
    finally:
        client.close()
    return stopping.is_set()
