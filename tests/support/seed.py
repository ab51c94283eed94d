"""Rows for tests of pages and queries, written past the services: telemetry that the recorder would store."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ddsketch import DDSketch
from ddsketch.pb.proto import DDSketchProto
from django.db import transaction

from functions.ids import new_id
from functions.models import (
    Attempt,
    Event,
    Invocation,
    InvocationLog,
    InvocationPayload,
    MetricMinute,
    UsageDay,
)
from functions.rollups import (
    DAY_S,
    PEAKS,
    SUMS,
    MinuteKey,
    MinuteSums,
    MonthKey,
    MonthSums,
    SpanKey,
    spans,
)
from functions.services.rollups import add_months, add_spans
from functions.states import EventState, InvocationType, Outcome, TriggerKind

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
PRICE = "aws-us-east-1-x86"


@dataclass
class Seed:
    """Writes telemetry of one function; each method returns the row it made."""

    project_id: UUID
    function_id: UUID = field(default_factory=new_id)
    name: str = "hello"

    def invocation(self, *, at: datetime = NOW, log: str | None = None, **fields) -> Invocation:
        row = Invocation(**{**self._invocation(at), **fields})
        row.save()
        text = log if log is not None else log_text(row, "[INFO]\thello\n")
        InvocationLog.objects.create(
            invocation=row,
            project_id=self.project_id,
            function_id=self.function_id,
            at=row.started_at,
            text=text,
        )
        return row

    def _invocation(self, at: datetime) -> dict[str, object]:
        request_id = new_id()
        return {
            "id": request_id,
            "request_id": request_id,
            "project_id": self.project_id,
            "function_id": self.function_id,
            "function_name": self.name,
            "version": "1",
            "alias": "live",
            "trigger": TriggerKind.FUNCTION_URL,
            "invocation_type": InvocationType.REQUEST_RESPONSE,
            "outcome": Outcome.SUCCESS,
            "accepted_at": at - timedelta(milliseconds=2),
            "started_at": at,
            "duration_us": 12_300,
            "billed_ms": 13,
            "memory_mb": 128,
            "memory_used": 40 * 1024 * 1024,
            "cost_pico": 227_083,
            "price_id": PRICE,
            "sandbox_id": "sb1",
        }

    def payload(self, invocation: Invocation, event: str, response: str | None = None) -> None:
        InvocationPayload.objects.create(invocation=invocation, event=event, response=response)

    def minute(self, *, at: datetime = NOW, durations_ms=(10.0, 20.0), **fields) -> MetricMinute:
        values = {
            "project_id": self.project_id,
            "function_id": self.function_id,
            "minute": at.replace(second=0, microsecond=0),
            "version": "1",
            "alias": "live",
            "trigger": TriggerKind.FUNCTION_URL,
            "invocations": len(durations_ms),
            "duration_us": int(sum(durations_ms) * 1000),
            "cost_pico": 200_000 * len(durations_ms),
            "sketch": sketch_of(durations_ms),
        }
        row = MetricMinute.objects.create(**{**values, **fields})
        self._spans(row, durations_ms)
        return row

    def _spans(self, row: MetricMinute, durations_ms) -> None:
        """What the recorder counts beside a minute."""
        minute = int(row.minute.timestamp()) // 60
        key = MinuteKey(str(self.function_id), minute, row.version, row.alias, str(row.trigger))
        sums = MinuteSums(str(self.project_id), **{name: getattr(row, name) for name in (*SUMS, *PEAKS)})
        for duration in durations_ms:
            sums.sketch.add(duration)
        with transaction.atomic(using="telemetry"):
            add_spans(spans({key: sums}))

    def day(self, *, day, requests=1000, mb_ms=1_024_000, cost_pico=17_000_000, price_id=PRICE) -> UsageDay:
        row = UsageDay.objects.create(
            project_id=self.project_id,
            function_id=self.function_id,
            function_name=self.name,
            day=day,
            requests=requests,
            mb_ms=mb_ms,
            cost_pico=cost_pico,
            price_id=price_id,
        )
        self._month(row)
        return row

    def month(self, day, **sums) -> None:
        """What the recorder counts of the month that holds a day."""
        key = MonthKey(str(self.function_id), day.replace(day=1), PRICE)
        with transaction.atomic(using="telemetry"):
            add_months({key: MonthSums(str(self.project_id), self.name, **sums)})

    def _month(self, row: UsageDay) -> None:
        """What the recorder counts beside a day."""
        key = MonthKey(str(self.function_id), row.day.replace(day=1), row.price_id)
        last = datetime(row.day.year, row.day.month, row.day.day, tzinfo=UTC)
        sums = MonthSums(
            str(self.project_id),
            self.name,
            requests=row.requests,
            mb_ms=row.mb_ms,
            cost_pico=row.cost_pico,
            last_us=int(last.timestamp() * 1_000_000),
        )
        whole = MinuteSums(str(self.project_id), row.requests, mb_ms=row.mb_ms, cost_pico=row.cost_pico)
        with transaction.atomic(using="telemetry"):
            add_months({key: sums})
            add_spans({SpanKey(str(self.project_id), DAY_S, int(last.timestamp())): whole})

    def event(self, *, state=EventState.PENDING, attempts=0, accepted_at=NOW, **fields) -> Event:
        row = Event.objects.create(
            **{
                "id": new_id(),
                "project_id": self.project_id,
                "function_id": self.function_id,
                "qualifier": "live",
                "trigger": TriggerKind.SCHEDULE,
                "payload": '{"n": 1}',
                "state": state,
                "attempts": attempts,
                "accepted_at": accepted_at,
                "due_at": accepted_at,
                **fields,
            }
        )
        for number in range(1, attempts + 1):
            started = accepted_at + timedelta(minutes=number)
            Attempt.objects.create(
                event=row, number=number, outcome=Outcome.FUNCTION_ERROR, started_at=started
            )
        return row


def log_text(row: Invocation, output: str) -> str:
    """A log as the gateway writes it."""
    return (
        f"START RequestId: {row.request_id} Version: {row.version}\n{output}"
        f"END RequestId: {row.request_id}\n"
        f"REPORT RequestId: {row.request_id}\tDuration: {row.duration_us / 1000:.2f} ms\t"
        f"Billed Duration: {row.billed_ms} ms\tMemory Size: {row.memory_mb} MB\tMax Memory Used: 40 MB\t\n"
    )


def sketch_of(values) -> bytes:
    """A serialised sketch as the recorder stores it."""
    sketch = DDSketch(relative_accuracy=0.01)
    for value in values:
        sketch.add(value)
    return DDSketchProto.to_proto(sketch).SerializeToString()


OUTPUTS = {
    Outcome.SUCCESS: '[INFO]\t2026-03-15T12:00:00.000Z\t{id}\tserved {{"user": "ann", "items": [1, 2]}}\n',
    Outcome.FUNCTION_ERROR: (
        "[INFO]\t2026-03-15T12:00:00.000Z\t{id}\tstarting\n[ERROR] KeyError: 'name'\n"
        "Traceback (most recent call last):\n"
        '  File "/var/task/app.py", line 4, in handler\n    event["name"]\nKeyError: \'name\'\n'
    ),
    Outcome.TIMEOUT: "waiting for the database\n2026-03-15T12:00:03Z {id} Task timed out after 3.00 seconds\n",
}


def lively(seed: Seed, *, now: datetime, minutes: int = 180, randomness: int = 7) -> None:
    """A few hours of mixed traffic with metrics, logs and a month of usage, for looking at pages."""
    dice = random.Random(randomness)
    for ago in range(minutes):
        at = now - timedelta(minutes=ago)
        _minute(seed, dice, at)
    for ago in range(now.day):
        requests = dice.randint(2000, 90_000)
        mb_ms = requests * 128 * dice.randint(4, 40)
        cost = requests * 200_000 + mb_ms * 16
        seed.day(day=(now - timedelta(days=ago)).date(), requests=requests, mb_ms=mb_ms, cost_pico=cost)


def _minute(seed: Seed, dice: random.Random, at: datetime) -> None:
    outcomes = [dice.choices(list(OUTPUTS), (90, 7, 3))[0] for _ in range(dice.randint(0, 3))]
    for place, outcome in enumerate(outcomes):
        _call(seed, dice, at - timedelta(seconds=place * 7), outcome)
    if outcomes:
        durations = [dice.lognormvariate(2.5, 0.6) for _ in outcomes]
        failed = len([outcome for outcome in outcomes if outcome != Outcome.SUCCESS])
        seed.minute(at=at, durations_ms=durations, errors=failed, cold_starts=dice.randint(0, 1))


def _call(seed: Seed, dice: random.Random, at: datetime, outcome: Outcome) -> None:
    cold = dice.random() < 0.1
    row = seed.invocation(
        at=at,
        outcome=outcome,
        cold=cold,
        init_us=84_000 if cold else 0,
        accepted_at=at - timedelta(milliseconds=130 if cold else 1),
        duration_us=3_000_000 if outcome == Outcome.TIMEOUT else int(dice.lognormvariate(9.5, 0.6)),
        error_type="KeyError" if outcome == Outcome.FUNCTION_ERROR else "",
        error_message="'name'" if outcome == Outcome.FUNCTION_ERROR else "",
        log="",
    )
    text = log_text(row, OUTPUTS[outcome].format(id=row.request_id))
    InvocationLog.objects.filter(invocation=row).update(text=text)
