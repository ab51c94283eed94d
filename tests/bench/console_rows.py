"""A large installation for measuring pages: functions with versions, triggers and deploys, and a month of calls
with logs and sums, written in bulk past the services in the shape in which the recorder leaves them."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from typing import Any
from uuid import UUID

from django.db import transaction

from functions import pricing
from functions.bulk import Values, insert_new
from functions.ids import new_id
from functions.models import (
    Alias,
    AuditEntry,
    Deployment,
    Draft,
    DraftFile,
    Event,
    Function,
    FunctionUrl,
    Project,
    Refusal,
    Revision,
    Schedule,
    User,
    Version,
)
from functions.records import InvocationRecord
from functions.rollups import DAY_S, PEAKS, days, minutes, months, spans
from functions.services import records as record_services
from functions.services import rollups as rollup_services
from functions.states import (
    LIVE_ALIAS,
    DeploymentState,
    EventState,
    Outcome,
    TriggerKind,
)
from tests.support.rows import CODE, make_artifact

DAYS = 30
AT_ONCE = 20_000
WORDS = [
    "orders",
    "invoices",
    "thumbnails",
    "reports",
    "mails",
    "webhooks",
    "search",
    "prices",
    "carts",
    "users",
    "sessions",
    "exports",
    "imports",
    "backups",
    "metrics",
    "alerts",
    "billing",
    "stock",
    "returns",
    "labels",
]
RUNTIMES = ("python3.13", "nodejs22.x", "nodejs24.x")
KINDS = (TriggerKind.API, TriggerKind.FUNCTION_URL, TriggerKind.SCHEDULE)
OUTCOMES = (
    (Outcome.SUCCESS, 940),
    (Outcome.FUNCTION_ERROR, 40),
    (Outcome.TIMEOUT, 10),
    (Outcome.THROTTLED, 10),
)
RARE = "zanzibar-7719"  # in a log of every 100,000th call
COMMON = "served"  # in the log of nearly every call


@dataclass
class Planter:
    """Rows of one project, the same for the same sizes. Times end `now`."""

    project: Project
    user: User
    functions: int
    invocations: int
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def plant(self) -> None:
        """Everything, telling how long each kind took."""
        for step in (
            self._control,
            self._deployments,
            self._calls,
            self._events,
            self._refusals,
            self._audit,
        ):
            began = time.monotonic()
            step()
            sys.stderr.write(f"  planted {step.__name__[1:]} in {time.monotonic() - began:.1f} s\n")

    # Control rows

    def _control(self) -> None:
        made = self.now - timedelta(days=90)
        self.rows = [
            Function(
                project=self.project,
                region="us-east-1",
                name=f"{WORDS[number % len(WORDS)]}-{number:05}",
                tags={"team": WORDS[number % 7]} if number % 5 < 2 else {},
                created_by=self.user,
                next_version=3,
                paused_at=made if number % 50 == 7 else None,
                deleted_at=self.now - timedelta(days=2) if number % 40 == 9 else None,
            )
            for number in range(self.functions)
        ]
        self.drafts = {number for number in range(self.functions) if number % 20 == 3}
        _create(Function, self.rows)
        settings = [self._settings(number) for number in range(self.functions)]
        pairs = list(zip(self.rows, settings, strict=True))
        drafts = [Draft(function=row, token=new_id(), wizard_step=0, **values) for row, values in pairs]
        _create(Draft, drafts)
        _create(
            DraftFile, [DraftFile(draft=draft, path="lambda_function.py", content=CODE) for draft in drafts]
        )
        self._versions(pairs)
        self._triggers()

    def _settings(self, number: int) -> dict[str, Any]:
        return {
            "runtime": RUNTIMES[number % len(RUNTIMES)],
            "handler": "lambda_function.lambda_handler",
            "description": f"Function number {number}",
            "memory_mb": 128 << number % 4,
        }

    def _versions(self, pairs: list[tuple[Function, dict[str, Any]]]) -> None:
        artifact = make_artifact()
        deployed = [pair for number, pair in enumerate(pairs) if number not in self.drafts]
        self.versions: dict[UUID, list[Version]] = {}
        for number in (1, 2):
            revisions = [Revision(function=row, artifact=artifact, **values) for row, values in deployed]
            _create(Revision, revisions)
            versions = [Version(function=one.function, number=number, revision=one) for one in revisions]
            _create(Version, versions)
            for version in versions:
                version.function.latest = version.revision
                self.versions.setdefault(version.function_id, []).append(version)
        Function.objects.bulk_update([row for row, _ in deployed], ["latest"], batch_size=500)
        live = [
            Alias(function=row, name=LIVE_ALIAS, version=self.versions[row.pk][-1]) for row, _ in deployed
        ]
        _create(Alias, live)

    def _triggers(self) -> None:
        every = list(enumerate(self.rows))
        urls = [FunctionUrl(function=row, url_id=new_id().hex) for number, row in every if number % 3 == 1]
        _create(FunctionUrl, urls)
        schedules = [
            Schedule(
                function=row, name="hourly", expression="rate(1 hour)", due_at=self.now + timedelta(hours=1)
            )
            for number, row in every
            if number % 5 == 2
        ]
        _create(Schedule, schedules)

    def _deployments(self) -> None:
        states = (DeploymentState.SAVING, DeploymentState.STARTING)
        steps = [{"state": str(state), "at": self.now.isoformat()} for state in states]
        made = []
        for function_versions in self.versions.values():
            for version in function_versions:
                ended = self.now - timedelta(minutes=self.dice.randint(1, DAYS * 1440))
                made.append(
                    Deployment(
                        project=self.project,
                        function=version.function,
                        state=DeploymentState.SUCCEEDED,
                        revision=version.revision,
                        version=version,
                        steps=steps,
                        log="Installing requests\n" * 20,
                        created_by=self.user,
                        ended_at=ended,
                    )
                )
        _create(Deployment, made)
        for row in made:  # after the insert, which sets the present
            row.created_at = row.ended_at - timedelta(seconds=2)
        Deployment.objects.bulk_update(made, ["created_at"], batch_size=500)

    # Telemetry

    def _calls(self) -> None:
        callees = [
            (number, row)
            for number, row in enumerate(self.rows)
            if number not in self.drafts and row.deleted_at is None
        ]
        # One function has a tenth of all calls, the others fewer and fewer: as installations are.
        weights = [1.0 / (place + 3) for place in range(len(callees))]
        weights[0] = sum(weights[1:]) / 9
        sums = list(accumulate(weights))
        per_day = self.invocations // DAYS
        first = self.now - timedelta(days=DAYS)
        # Whole UTC days, so that every sum is complete when it is written.
        starts = [int(first.timestamp()) // DAY_S * DAY_S + number * DAY_S for number in range(DAYS + 1)]
        for start in starts:
            until = min(start + DAY_S, int(self.now.timestamp()))
            moments = sorted(self._moments(start, until, per_day))
            chosen = self.dice.choices(callees, cum_weights=sums, k=len(moments))
            pairs = zip(moments, chosen, strict=True)
            self._store([self._record(moment, *one) for moment, one in pairs])

    def _moments(self, start: int, until: int, per_day: int) -> Iterator[int]:
        """Unix microseconds of a day's calls."""
        for _ in range(per_day * (until - start) // DAY_S):
            yield int((start + self.dice.random() * (until - start)) * 1_000_000)

    def _record(self, moment: int, number: int, row: Function) -> InvocationRecord:
        dice = self.dice
        request_id = _id_at(moment, dice)
        names, weights = zip(*OUTCOMES, strict=True)
        outcome = dice.choices(names, weights)[0]
        ran = outcome != Outcome.THROTTLED
        duration = int(dice.lognormvariate(9.5 + number % 4, 0.7)) if ran else 0
        billed = -(-duration // 1000)
        failed = outcome == Outcome.FUNCTION_ERROR
        memory = 128 << number % 4
        rare = RARE if dice.random() < 1e-5 else ""
        return InvocationRecord(
            request_id=request_id,
            project_id=str(self.project.pk),
            function_id=str(row.pk),
            function_name=row.name,
            version="2" if dice.random() < 0.7 else "1",
            alias=LIVE_ALIAS,
            trigger=KINDS[number % len(KINDS)],
            outcome=outcome,
            accepted_us=moment,
            started_us=moment + 900,
            duration_us=duration,
            cold=dice.random() < 0.02,
            billed_ms=billed,
            memory_mb=memory,
            memory_used=memory * 500_000,
            cost_pico=200_000 + billed * memory * 16 if ran else 0,
            price_id=pricing.LIST_PRICE.id,
            error_type="KeyError" if failed else "",
            error_message="'name'" if failed else "",
            sandbox_id=f"sb-{number % 500}",
            payload='{"n": 1}' if failed else None,
            log=_log(request_id, duration, billed, memory, outcome, rare, dice) if ran else "",
            concurrency=1 + number % 3,
        )

    def _store(self, records: list[InvocationRecord]) -> None:
        """As services.records.store does, in larger parts and into tables that have none of these rows."""
        for start in range(0, len(records), AT_ONCE):
            part = records[start : start + AT_ONCE]
            record_services._insert(part)
            record_services._insert_logs(part)
            record_services._insert_payloads(part)
        found = minutes(records)
        _store_sums(rollup_services._MINUTES, found)
        _store_sums(rollup_services._SPANS, spans(found))
        with transaction.atomic(using="telemetry"):
            rollup_services.add_days(days(records))
            rollup_services.add_months(months(records))

    def _events(self) -> None:
        states = (
            [EventState.SUCCEEDED] * 16 + [EventState.DEAD] * 2 + [EventState.PENDING, EventState.EXPIRED]
        )
        found = []
        for number in range(self.invocations // 20):
            at = self.now - timedelta(minutes=self.dice.randint(1, DAYS * 1440))
            state = states[number % len(states)]
            found.append(
                Event(
                    id=UUID(_id_at(int(at.timestamp() * 1e6), self.dice)),
                    project_id=self.project.pk,
                    function_id=self.rows[number % min(300, self.functions)].pk,
                    qualifier=LIVE_ALIAS,
                    trigger=TriggerKind.API,
                    payload='{"n": 1}',
                    state=state,
                    attempts=0 if state == EventState.PENDING else 1,
                    accepted_at=at,
                    due_at=at,
                    ended_at=None if state == EventState.PENDING else at,
                )
            )
        _create(Event, found)

    def _refusals(self) -> None:
        found = []
        for number in range(self.invocations // 50):
            at = self.now - timedelta(minutes=self.dice.randint(1, DAYS * 1440))
            found.append(
                Refusal(
                    id=UUID(_id_at(int(at.timestamp() * 1e6), self.dice)),
                    project_id=self.project.pk,
                    function_name=self.rows[number % min(500, self.functions)].name,
                    operation="Invoke",
                    error_type=("TooManyRequestsException", "ResourceNotFoundException")[number % 2],
                    status=429 if number % 2 == 0 else 404,
                    message="Rate exceeded",
                    caller="AKIAEXAMPLE",
                    at=at,
                )
            )
        _create(Refusal, found)

    def _audit(self) -> None:
        actions = ("function.create", "deploy.request", "function.pause", "keys.create")
        found = [
            AuditEntry(
                project=self.project,
                principal_kind="user",
                principal_id=str(self.user.pk),
                principal_name=self.user.username,
                action=actions[number % len(actions)],
                target_kind="function",
                target_id=str(self.rows[number % len(self.rows)].pk),
                target_name=self.rows[number % len(self.rows)].name,
                after={"memory_mb": 256},
            )
            for number in range(self.functions * 3)
        ]
        _create(AuditEntry, found)


def _store_sums(table: Any, found: Any) -> None:
    columns = ["id", *table.keys, *table.sums, *PEAKS, "project_id", "sketch"]
    values = Values(table.model)
    rows = [rollup_services._row(table, values, key, found[key], b"") for key in sorted(found)]
    insert_new(table.model, columns, rows, ["id"])


def _log(
    request_id: str, duration: int, billed: int, memory: int, outcome: Outcome, rare: str, dice: random.Random
) -> str:
    item, user = dice.randint(1, 10**6), dice.choice(WORDS)
    lines = [
        f"START RequestId: {request_id} Version: 2",
        f"[INFO]\t2026-03-15T12:00:00.000Z\t{request_id}\tloading item {item} for {user} {rare}",
        f'[INFO]\t2026-03-15T12:00:00.000Z\t{request_id}\t{{"user": "{user}", "items": [{item % 97}, {item % 89}]}}',
    ]
    if outcome == Outcome.FUNCTION_ERROR:
        lines += ["[ERROR] KeyError: 'name'", "Traceback (most recent call last):", '  event["name"]']
    elif outcome == Outcome.TIMEOUT:
        lines.append(f"2026-03-15T12:00:03Z {request_id} Task timed out after 3.00 seconds")
    else:
        lines.append(f"[INFO]\t2026-03-15T12:00:00.000Z\t{request_id}\t{COMMON} {item}")
    lines += [
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {duration / 1000:.2f} ms\tBilled Duration: {billed} ms\t"
        f"Memory Size: {memory} MB\tMax Memory Used: {memory // 2} MB\t",
    ]
    return "\n".join(lines) + "\n"


def _id_at(unix_us: int, dice: random.Random) -> str:
    value = (unix_us // 1000) << 80 | dice.getrandbits(80)
    return str(UUID(int=value & ~(0xF << 76 | 0b11 << 62) | 7 << 76 | 0b10 << 62))


def _create(model: Any, rows: list[Any]) -> None:
    for part in _parts(rows):
        model.objects.bulk_create(part)


def _parts(rows: list[Any]) -> Iterator[list[Any]]:
    every = iter(rows)
    while part := list(islice(every, AT_ONCE)):
        yield part
