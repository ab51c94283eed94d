"""The RQ worker: runs jobs in this process, one at a time, with everything imported beforehand. A fork per job, RQ's
default, would cost more than a save-to-live may take."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import redis
from django.db import close_old_connections
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from functions import queues

log = logging.getLogger(__name__)

ALL_QUEUES = (queues.DEPLOYS, queues.EVENTS, queues.HOUSEKEEPING)
RECONNECT_S = 1.0


class Worker(SimpleWorker):
    """Keeps database connections fresh between jobs."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job."""
        close_old_connections()
        try:
            super().execute_job(job, queue)
        finally:
            close_old_connections()


def work(names: Sequence[str]) -> None:
    """Serve these queues, the first before the others, until SIGTERM or SIGINT; a Redis that is away is waited
    for."""
    import_jobs()
    while True:
        client = queues.connection()
        served = [Queue(name, connection=client, serializer=JSONSerializer) for name in names]
        try:
            worker = Worker(served, connection=client, serializer=JSONSerializer)
            worker.work(with_scheduler=False, logging_level="WARNING")
        except redis.RedisError as error:
            log.warning("the worker waits for Redis: %s", error)
            time.sleep(RECONNECT_S)
            continue
        return


def import_jobs() -> None:
    """Load what jobs need now, not when somebody waits."""
    from runner.jobs import deploy, drain, housekeeping

    log.debug("ready: %s", (deploy, drain, housekeeping))
