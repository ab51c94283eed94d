"""Roll-ups that pages read instead of records: per minute, hour and day with a mergeable sketch, and per day and
month for bills."""

from __future__ import annotations

from django.db import models

from functions.ids import new_id
from functions.models.base import TelemetryRow
from functions.states import TriggerKind


class Sums(TelemetryRow):
    """Counts of some stretch of time. `sketch` is a serialised DDSketch of durations in milliseconds (Masson,
    Rim, Lee 2019), 1 % relative error, mergeable, in the form of functions.packed_sketch or the library's."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project_id = models.UUIDField()
    version = models.CharField(max_length=16, blank=True)
    alias = models.CharField(max_length=128, blank=True)
    trigger = models.CharField(max_length=24, choices=TriggerKind.choices)
    invocations = models.PositiveBigIntegerField(default=0)
    errors = models.PositiveBigIntegerField(default=0)
    throttles = models.PositiveBigIntegerField(default=0)
    platform_failures = models.PositiveBigIntegerField(default=0)
    cold_starts = models.PositiveBigIntegerField(default=0)
    duration_us = models.PositiveBigIntegerField(default=0)
    duration_max_us = models.PositiveBigIntegerField(default=0)
    init_us = models.PositiveBigIntegerField(default=0)
    billed_ms = models.PositiveBigIntegerField(default=0)
    cost_pico = models.PositiveBigIntegerField(default=0)
    memory_max = models.PositiveBigIntegerField(default=0)
    concurrency_max = models.PositiveIntegerField(default=0)
    event_age_us = models.PositiveBigIntegerField(default=0)
    sketch = models.BinaryField(default=b"")

    class Meta:
        abstract = True


class MetricMinute(Sums):
    """Counts of one minute, function, version, alias and trigger."""

    function_id = models.UUIDField()
    minute = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["function_id", "minute", "version", "alias", "trigger"], name="metric_minute_once"
            )
        ]
        indexes = [models.Index(fields=["project_id", "minute"], name="metric_by_project")]


class MetricSpan(Sums):
    """Counts of a longer stretch or of more: of a function an hour, by version, alias and trigger, and a day, by
    none of them; of a whole project, whose id then is the subject's, a minute, an hour and a day. Each holds
    all that the minutes below it hold; `mb_ms` as in UsageDay."""

    subject_id = models.UUIDField()
    step_s = models.PositiveIntegerField()
    start = models.DateTimeField()
    mb_ms = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "step_s", "start", "version", "alias", "trigger"],
                name="metric_span_once",
            )
        ]
        # The last two are read from the index alone: which functions have failed.
        indexes = [
            models.Index(
                fields=["project_id", "step_s", "start", "subject_id", "errors"],
                name="metric_span_by_project",
            )
        ]


class UsageDay(TelemetryRow):
    """What one function used in one UTC day at one price. `mb_ms` is the sum of memory in MB times billed
    milliseconds: exact, GB-seconds are mb_ms / 1,024,000. Cost in 1e-12 USD."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project_id = models.UUIDField()
    function_id = models.UUIDField()
    function_name = models.CharField(max_length=64)
    day = models.DateField()
    price_id = models.CharField(max_length=32)
    requests = models.PositiveBigIntegerField(default=0)
    mb_ms = models.PositiveBigIntegerField(default=0)
    cost_pico = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function_id", "day", "price_id"], name="usage_day_once")
        ]
        indexes = [models.Index(fields=["project_id", "day"], name="usage_by_project")]


class UsageMonth(TelemetryRow):
    """The same of one UTC month, of which `month` is the first day, so that lists are ranked without the days.
    Also how often the function failed, was throttled and started cold; `last_us` is when it last ran, in Unix
    microseconds. A function that was only throttled has no requests."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project_id = models.UUIDField()
    function_id = models.UUIDField()
    function_name = models.CharField(max_length=64)
    month = models.DateField()
    price_id = models.CharField(max_length=32)
    requests = models.PositiveBigIntegerField(default=0)
    mb_ms = models.PositiveBigIntegerField(default=0)
    cost_pico = models.PositiveBigIntegerField(default=0)
    errors = models.PositiveBigIntegerField(default=0)
    throttles = models.PositiveBigIntegerField(default=0)
    cold_starts = models.PositiveBigIntegerField(default=0)
    last_us = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function_id", "month", "price_id"], name="usage_month_once")
        ]
        indexes = [models.Index(fields=["project_id", "month"], name="usage_month_by_project")]
