"""An installation of before gets from its minutes the sums of hours and days that the recorder would have written."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps

from functions.ids import new_id
from functions.models import MetricSpan, UsageMonth
from functions.quantiles import quantiles_of
from functions.rollups import PEAKS, SUMS
from tests.support.seed import NOW, Seed

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
KEYS = ("project_id", "subject_id", "step_s", "start", "version", "alias", "trigger")


def fill(database: str) -> None:
    migration = import_module("functions.migrations.0008_metric_spans")
    migration.fill(apps, SimpleNamespace(connection=SimpleNamespace(alias=database)))


def found_spans():
    rows = MetricSpan.objects.values_list(*KEYS, *SUMS, *PEAKS, "sketch")
    return sorted((*row[:-1], *quantiles_of([bytes(row[-1])], (0.0, 0.5, 1.0))) for row in rows)


def test_sums_of_minutes_are_what_the_recorder_would_have_written():
    seed, other = Seed(project_id=new_id()), Seed(project_id=new_id())
    beside = Seed(project_id=seed.project_id)
    for one, back, fields in (
        (seed, 0, {"errors": 1, "memory_max": 7}),
        (seed, 1, {"version": "2", "memory_max": 9, "cold_starts": 1}),
        (seed, 70, {"trigger": "api"}),
        (seed, 60 * 30, {"throttles": 3}),
        (beside, 1, {"errors": 2}),
        (other, 1, {"concurrency_max": 4}),
    ):
        durations = [10.0 + back, 500.0, 0.0]
        one.minute(at=NOW - timedelta(minutes=back), durations_ms=durations, **fields)
    written = found_spans()
    MetricSpan.objects.all().delete()
    fill("default")
    assert found_spans() == []
    fill("telemetry")
    assert found_spans() == written


def test_months_get_what_days_used_and_minutes_counted():
    seed = Seed(project_id=new_id())
    seed.day(day=NOW.date(), requests=5, mb_ms=70)
    seed.day(day=NOW.date() - timedelta(days=1), requests=6, mb_ms=80)
    seed.minute(at=NOW, errors=3, throttles=2)
    MetricSpan.objects.all().delete()
    UsageMonth.objects.all().delete()
    fill("telemetry")
    (month,) = UsageMonth.objects.all()
    assert (month.requests, month.mb_ms, month.errors, month.throttles) == (11, 150, 3, 2)
    assert month.last_us == int(NOW.replace(second=0, microsecond=0).timestamp() * 1_000_000)
    days = MetricSpan.objects.filter(step_s=86_400, subject_id__in=[seed.project_id, seed.function_id])
    assert {row.mb_ms for row in days} == {70}
