"""The scheduler: hands over schedules that are due, wakes drains when events are, or messages of queues that call
functions, moves releases on, and has house kept now and then. Any number may run: each due time fires once. Runs no
function itself.

A firing is written to the event stream first and noted in its row afterwards. Whoever dies in between leaves it
due; it is then written again under the same event id, which the recorder stores once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import redis
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.utils import timezone

from functions import queues
from functions.queries.message_queues import any_visible, watched_queues
from functions.records import encode
from functions.services import alarms, budgets, events, firings, releases

log = logging.getLogger(__name__)

TICK_S = 1.0
BACK_OFF_S = 5.0
# Seconds between runs of each kind of housekeeping (runner.jobs.housekeeping).
HOUSEKEEPING_S: Mapping[str, float] = {
    "deployments": 15.0,
    "logs": 60.0,
    "retention": 300.0,
    "deleted": 3600.0,
    "artifacts": 3600.0,
    "builders": 600.0,
    "images": 600.0,
    "sessions": 3600.0,
    "log_groups": 300.0,
    "queues": 300.0,
    "buckets": 86_400.0,
}
BUDGETS_S = 5.0  # a hard budget is overrun by what is spent in so long, and until it is recorded
LOST_AFTER = timedelta(seconds=30)


@dataclass
class Scheduler:
    """One loop. `now` and `clock` are there for tests."""

    client: redis.Redis
    now: Callable[[], datetime] = timezone.now
    clock: Callable[[], float] = time.monotonic
    stopping: threading.Event = field(default_factory=threading.Event)
    _kept: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Until `stopping` is set; a database or Redis that is away is waited for."""
        while not self.stopping.is_set():
            pause = TICK_S
            try:
                self.tick()
            except (redis.RedisError, DatabaseError) as error:
                log.warning("the scheduler waits: %s", error)
                pause = BACK_OFF_S
            close_old_connections()
            self.stopping.wait(pause)

    def tick(self) -> None:
        """Everything that is due now."""
        self.fire()
        now = self.now()
        if events.any_due(now, lost_before=now - LOST_AFTER) or any_visible(watched_queues(), now):
            queues.enqueue_drain()
        releases.advance_due(now=now)
        alarms.look_at_due(now=now)
        if self.is_time("budgets", BUDGETS_S):
            budgets.look_at_all(now=now)
        self.keep_house()

    def fire(self) -> int:
        """Hand over due schedules; returns how many this scheduler noted."""
        due = firings.due_firings(now=self.now())
        if not due:
            return 0
        with self.client.pipeline(transaction=True) as pipeline:
            for firing in due:
                pipeline.xadd(queues.events_stream(), {"d": encode(firing.event)})
            pipeline.execute()
        return firings.complete(due, now=self.now())

    def keep_house(self) -> None:
        """Enqueue the housekeeping whose time has come; the first round is at the start."""
        for name, every_s in HOUSEKEEPING_S.items():
            if self.is_time(name, every_s):
                queues.enqueue_housekeeping(name)

    def is_time(self, name: str, every_s: float) -> bool:
        """Whether what is done every so often is due; it then counts as done."""
        due = self.clock() - self._kept.get(name, -every_s) >= every_s
        if due:
            self._kept[name] = self.clock()
        return due
