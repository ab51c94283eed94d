"""The loop: read a batch, store it in one transaction, acknowledge. What cannot be stored is set aside; while a
database is away nothing is lost and nothing is skipped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
import redis
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connections

from functions.queries.recorder import Standing
from functions.queues import enqueue_drain
from functions.records import AcceptedEvent, InvocationRecord, decode_event, decode_records, encode
from functions.services.events import store_accepted
from functions.services.records import store
from runner.recorder.captures import Captures
from runner.recorder.inbox import Dead, Entry, Inbox

BATCH = 20  # entries of each stream; one of records has up to 1 MB
AT_ONCE = 4_000  # records of one transaction: others want to write, too
BLOCK_MS = 500
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 15.0
TAKE_OVER_EVERY = timedelta(seconds=15)
# The data's own fault: no later try can help.
POISON = (DataError, IntegrityError, ValueError, OverflowError, msgspec.MsgspecError)
log = logging.getLogger("functory.recorder")
T = TypeVar("T")


class Recorder:
    """One consumer of both streams. `say` publishes how far it is."""

    def __init__(self, inbox: Inbox, captures: Captures, say: Callable[[Standing], None]) -> None:
        self._inbox = inbox
        self._captures = captures
        self._say = say
        self._stopping = threading.Event()
        self._looked_for_lost = datetime.min.replace(tzinfo=UTC)
        self._said = datetime.min.replace(tzinfo=UTC)
        self._caught_up = datetime.now(UTC)
        self._trouble = ""

    def stop(self) -> None:
        """End after the current batch."""
        self._stopping.set()

    def run(self) -> None:
        """Until stopped; Redis may go and come back."""
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                self.run_once()
                wait_s = FIRST_WAIT_S
            except redis.RedisError as error:
                self._complain(f"Redis does not answer: {error}")
                self._stopping.wait(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
                self._inbox.rewind()

    def run_once(self, block_ms: int = BLOCK_MS) -> int:
        """Store one batch; how many entries it had."""
        entries = self._lost() or self._inbox.read(BATCH, block_ms)
        if entries and not self._store(entries):
            return 0  # told to stop while a database was away: the entries come again
        self._report()
        return len(entries)

    def _lost(self) -> list[Entry]:
        now = datetime.now(UTC)
        if now - self._looked_for_lost < TAKE_OVER_EVERY:
            return []
        found = self._inbox.take_over(BATCH)
        if not found:
            self._looked_for_lost = now
        return found

    def _store(self, entries: Sequence[Entry]) -> bool:
        dead: list[Dead] = []
        events, records = _decode(entries, dead)
        done = self._store_all(self._store_events, events, dead) and all(
            self._store_all(self._store_records, records[start : start + AT_ONCE], dead)
            for start in range(0, len(records), AT_ONCE)
        )
        if done:
            for poison in dead:
                log.error("set aside from %s: %s", poison.stream, poison.reason)
            self._inbox.acknowledge(entries, dead)
        return done

    def _store_all(
        self, write: Callable[[Sequence[T]], None], items: Sequence[tuple[Entry, T]], dead: list[Dead]
    ) -> bool:
        """Write a batch, or, if something in it is poison, each alone. False when told to stop meanwhile."""
        if not items:
            return True
        try:
            return self._stubbornly(lambda: write([item for _, item in items]))
        except POISON as error:
            if len(items) == 1:
                entry, item = items[0]
                dead.append(Dead(entry.stream, encode(item), f"{type(error).__name__}: {error}"[:500]))
                return True
        middle = len(items) // 2
        return self._store_all(write, items[:middle], dead) and self._store_all(write, items[middle:], dead)

    def _stubbornly(self, write: Callable[[], None]) -> bool:
        """Write, however long a database is locked, full or away."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                write()
            except POISON:
                raise
            except (DatabaseError, InterfaceError) as error:
                self._complain(f"A database does not take rows: {error}")
                connections.close_all()
                if self._stopping.wait(wait_s):
                    return False
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            else:
                return True

    def _store_events(self, events: Sequence[AcceptedEvent]) -> None:
        if store_accepted(events):
            enqueue_drain()

    def _store_records(self, records: Sequence[InvocationRecord]) -> None:
        choice = self._captures.choose(records)
        store(choice.records, dropped_payloads=choice.dropped)
        self._captures.keep(choice)

    def _report(self) -> None:
        self._recovered()
        now = datetime.now(UTC)
        if now - self._said < timedelta(seconds=1):
            return
        waiting = self._inbox.waiting()
        # Asked before the clock is read again: what comes meanwhile is younger than `now`.
        self._caught_up = (self._inbox.oldest() if waiting else None) or now
        self._said = now
        self._say(Standing(self._caught_up, now, waiting, self._inbox.dead_count(), self._trouble))

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("%s; records wait", trouble)
        self._trouble = trouble
        try:
            waiting, dead = self._inbox.waiting(), self._inbox.dead_count()
            self._say(Standing(self._caught_up, datetime.now(UTC), waiting, dead, trouble))
        except redis.RedisError:
            return  # nobody to tell

    def _recovered(self) -> None:
        if self._trouble:
            log.info("storing again")
            self._said = datetime.min.replace(tzinfo=UTC)
        self._trouble = ""


def _decode(
    entries: Sequence[Entry], dead: list[Dead]
) -> tuple[list[tuple[Entry, AcceptedEvent]], list[tuple[Entry, InvocationRecord]]]:
    """What the entries hold, by kind of stream; what cannot be read goes to `dead`."""
    events: list[tuple[Entry, AcceptedEvent]] = []
    records: list[tuple[Entry, InvocationRecord]] = []
    for entry in entries:
        if not entry.data:
            continue  # deleted while it was held
        try:
            if entry.stream.endswith("events"):
                events.append((entry, decode_event(entry.data)))
            else:
                records += [(entry, record) for record in decode_records(entry.data)]
        except POISON as error:
            dead.append(Dead(entry.stream, entry.data, f"unreadable: {error}"[:500]))
    return events, records
