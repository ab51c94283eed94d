"""Storing records: everything a record says, once, with its sums, on both kinds of database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DataError

from functions.models import (
    Invocation,
    InvocationLog,
    InvocationPayload,
    MetricMinute,
    MetricSpan,
    UsageDay,
    UsageMonth,
)
from functions.quantiles import quantiles_of
from functions.services.records import newest_payloads, row_id, store
from functions.states import InvocationType, Outcome, TriggerKind
from tests.support.seed import Seed
from tests.support.telemetry import FUNCTION, PROJECT, attempt_record, make_event, make_record, now_us

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
AT = datetime(2026, 3, 15, 12, 0, 0, 250, tzinfo=UTC)
AT_US = int(AT.timestamp() * 1_000_000)


def test_a_row_says_all_that_its_record_says():
    revision = str(UUID(int=7))
    record = make_record(
        started_us=AT_US,
        revision_id=revision,
        trigger=TriggerKind.FUNCTION_URL,
        trigger_id="url1",
        invocation_type=InvocationType.REQUEST_RESPONSE,
        outcome=Outcome.FUNCTION_ERROR,
        cold=True,
        init_us=90_000,
        error_type="KeyError",
        error_message="'name'",
        stack=["line 1", "line 2"],
        sandbox_id="s1",
        trace_id="Root=1",
        payload_bytes=3,
        response_bytes=4,
        payload="{}",
        response="null",
        log="START\nEND\n",
        log_truncated=True,
    )
    assert store([record]) == [record]
    row = Invocation.objects.get()
    assert (str(row.pk), str(row.request_id)) == (record.request_id, record.request_id)
    assert (str(row.project_id), str(row.function_id)) == (PROJECT, FUNCTION)
    assert str(row.revision_id) == revision
    assert row.event_id is None
    assert (row.started_at, row.accepted_at) == (AT, AT - timedelta(milliseconds=1))
    for name in ("function_name", "version", "alias", "trigger", "trigger_id", "outcome", "cold", "init_us"):
        assert getattr(row, name) == getattr(record, name)
    for name in ("duration_us", "billed_ms", "memory_mb", "memory_used", "cost_pico", "price_id", "stack"):
        assert getattr(row, name) == getattr(record, name)
    for name in ("error_type", "error_message", "sandbox_id", "trace_id", "payload_bytes", "response_bytes"):
        assert getattr(row, name) == getattr(record, name)
    assert (row.log.text, row.log.truncated, row.log.at) == (record.log, True, AT)
    assert (row.payload.event, row.payload.response) == ("{}", "null")
    assert list(Invocation.objects.filter(started_at=AT, function_id=FUNCTION)) == [row]


def test_a_record_delivered_twice_is_stored_and_counted_once():
    record = make_record(started_us=AT_US)
    assert store([record]) == [record]
    assert store([record, make_record(started_us=AT_US)]) != [record]
    assert store([record]) == []
    assert Invocation.objects.count() == InvocationLog.objects.count() == 2
    minute, day = MetricMinute.objects.get(), UsageDay.objects.get()
    assert (minute.invocations, minute.duration_us, day.requests) == (2, 40_000, 2)
    assert (day.mb_ms, day.cost_pico, day.day) == (2 * 128 * 20, 2 * 241_667, AT.date())
    counted = MetricSpan.objects.values_list("invocations", "duration_us")
    assert set(counted) == {(2, 40_000)}
    month = UsageMonth.objects.get()
    assert (month.requests, month.month, month.last_us) == (2, AT.date().replace(day=1), AT_US)


def test_hours_days_and_the_project_grow_over_batches():
    for late_s, duration_us in ((0, 10_000), (60, 90_000), (3600, 40_000)):
        store([make_record(started_us=AT_US + late_s * 1_000_000, duration_us=duration_us)])
    rows = {
        (str(row.subject_id), row.step_s, row.start.hour, row.start.minute): row
        for row in MetricSpan.objects.all()
    }
    hour, day = rows[FUNCTION, 3600, 12, 0], rows[FUNCTION, 86400, 0, 0]
    assert (hour.invocations, hour.duration_max_us, hour.version) == (2, 90_000, "1")
    assert quantiles_of([hour.sketch], [0.0, 1.0]) == pytest.approx([10, 90], rel=0.02)
    assert (day.invocations, day.version, day.mb_ms) == (3, "", 3 * 128 * 20)
    assert [rows[PROJECT, 60, *at].invocations for at in ((12, 0), (12, 1), (13, 0))] == [1, 1, 1]
    assert rows[PROJECT, 86400, 0, 0].invocations == 3


def test_the_same_record_twice_in_one_batch_is_stored_once():
    record = make_record()
    assert store([record, record]) == [record]
    assert MetricMinute.objects.get().invocations == 1


def test_minutes_grow_over_batches_with_peaks_and_a_merged_sketch():
    store([make_record(started_us=AT_US, duration_us=10_000, memory_used=5)])
    store([make_record(started_us=AT_US + 1, duration_us=90_000, memory_used=4, concurrency=9)])
    store([make_record(started_us=AT_US + 60_000_000)])
    first = MetricMinute.objects.order_by("minute").first()
    assert first.minute == AT.replace(microsecond=0)
    assert (first.invocations, first.duration_max_us, first.memory_max) == (2, 90_000, 5)
    assert first.concurrency_max == 9
    assert quantiles_of([first.sketch], [0.0, 1.0]) == pytest.approx([10, 90], rel=0.02)
    assert MetricMinute.objects.count() == 2


def test_a_minute_that_somebody_else_made_is_added_to():
    seed = Seed(UUID(PROJECT), UUID(FUNCTION))
    row = seed.minute(at=AT, durations_ms=(50.0,))
    store([make_record(started_us=AT_US, trigger=TriggerKind.FUNCTION_URL, duration_us=70_000)])
    row.refresh_from_db()
    assert row.invocations == 2
    assert quantiles_of([row.sketch], [0.0, 1.0]) == pytest.approx([50, 70], rel=0.02)


def test_a_refused_call_has_a_row_but_no_log_and_no_usage():
    store([make_record(outcome=Outcome.THROTTLED, started_us=0, accepted_us=AT_US, log="", billed_ms=0)])
    row = Invocation.objects.get()
    assert (row.started_at, row.outcome) == (AT, Outcome.THROTTLED)
    assert not InvocationLog.objects.exists()
    assert not UsageDay.objects.exists()
    assert (MetricMinute.objects.get().throttles, MetricMinute.objects.get().invocations) == (1, 0)


def test_every_attempt_of_an_event_has_a_row_of_its_own():
    event = make_event()
    first = attempt_record(event, 1, Outcome.FUNCTION_ERROR, started_us=AT_US)
    second = attempt_record(event, 2, started_us=AT_US + 60_000_000)
    store([first, second])
    assert row_id(first) != row_id(second)
    assert {str(row.request_id) for row in Invocation.objects.all()} == {event.event_id}
    assert store([first, second]) == []


def test_text_that_a_database_does_not_take_is_mended():
    store([make_record(log="a\0b", error_type="x" * 300, error_message="\0", payload="\0", stack=["\0"])])
    row = Invocation.objects.get()
    assert (row.log.text, len(row.error_type), row.stack) == ("a\ufffdb", 256, ["\ufffd"])


@pytest.mark.parametrize(
    "fields",
    [{"request_id": "no"}, {"function_id": "g" * 32}, {"billed_ms": 1 << 70}],
    ids=["not a UUID", "not hexadecimal", "too large a number"],
)
def test_a_record_that_cannot_be_stored_is_refused_whole(fields):
    with pytest.raises((DataError, ValueError, OverflowError)):
        store([make_record(), make_record(**fields)])
    assert not Invocation.objects.exists()


def test_payloads_are_dropped_by_row_and_the_newest_ones_found():
    records = [make_record(started_us=now_us() + number, payload="{}") for number in range(4)]
    store(records)
    store([make_record(payload="{}", outcome=Outcome.TIMEOUT)], dropped_payloads=[row_id(records[0])])
    assert InvocationPayload.objects.count() == 4
    assert newest_payloads(FUNCTION, Outcome.SUCCESS, 2) == [row_id(records[2]), row_id(records[3])]


def test_many_records_and_heavy_logs_take_several_statements(monkeypatch):
    monkeypatch.setattr("functions.bulk._CHARACTERS", 1_000)
    monkeypatch.setattr("functions.bulk._PARAMETERS", 100)
    records = [make_record(log="x" * 600) for _ in range(25)]
    assert store(records) == records
    assert Invocation.objects.count() == InvocationLog.objects.count() == 25
    assert MetricMinute.objects.get().invocations == 25
