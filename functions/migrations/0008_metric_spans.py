"""Sums of hours, days, months and whole projects, filled from the minutes and days that there are."""

from collections import Counter
from datetime import UTC, timedelta

from ddsketch.pb import ddsketch_pb2
from django.db import migrations, models
from django.db.models import Max, Min, Sum

import functions.ids

SUMS = (
    "invocations",
    "errors",
    "throttles",
    "platform_failures",
    "cold_starts",
    "duration_us",
    "init_us",
    "billed_ms",
    "cost_pico",
)
PEAKS = ("duration_max_us", "memory_max", "concurrency_max", "event_age_us")
DAY = timedelta(days=1)


class Stretch:
    """The sums of some minutes."""

    def __init__(self):
        self.sums = Counter()
        self.peaks = dict.fromkeys(PEAKS, 0)
        self.bins = Counter()
        self.zeros = 0.0
        self.gamma = 0.0

    def add(self, row, sketch):
        for name in SUMS:
            self.sums[name] += getattr(row, name)
        for name in PEAKS:
            self.peaks[name] = max(self.peaks[name], getattr(row, name))
        if sketch is None:
            return
        self.gamma = sketch.mapping.gamma
        self.zeros += sketch.zeroCount
        for index, count in sketch.positiveValues.binCounts.items():
            self.bins[index] += count

    def sketch(self):
        proto = ddsketch_pb2.DDSketch()
        if not self.gamma:
            return b""
        proto.mapping.gamma = self.gamma
        proto.zeroCount = self.zeros
        for index, count in self.bins.items():
            proto.positiveValues.binCounts[index] = count
        return proto.SerializeToString()


def places(row):
    hour = row.minute.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    yield (row.function_id, 3600, hour, row.version, row.alias, row.trigger)
    yield (row.function_id, 86_400, day, "", "", "")
    yield (row.project_id, 60, row.minute, "", "", "")
    yield (row.project_id, 3600, hour, "", "", "")
    yield (row.project_id, 86_400, day, "", "", "")


def fill(apps, schema_editor):
    """Day by day, so that a year of minutes does not have to fit into memory."""
    if schema_editor.connection.alias != "telemetry":
        return
    minutes = apps.get_model("functions", "MetricMinute").objects.using("telemetry")
    months = {}
    for project_id in set(minutes.order_by().values_list("project_id", flat=True).distinct()):
        own = minutes.filter(project_id=project_id)
        ends = own.aggregate(first=Min("minute"), last=Max("minute"))
        day = ends["first"].astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= ends["last"]:
            fill_day(apps, project_id, day, own.filter(minute__gte=day, minute__lt=day + DAY), months)
            day += DAY
    fill_months(apps, months)


def fill_day(apps, project_id, day, rows, months):
    found = {}
    for row in rows.iterator(chunk_size=2000):
        sketch = ddsketch_pb2.DDSketch.FromString(bytes(row.sketch)) if row.sketch else None
        for place in places(row):
            found.setdefault(place, Stretch()).add(row, sketch)
        counts = months.setdefault((row.function_id, day.date().replace(day=1)), Counter())
        for name in ("errors", "throttles", "cold_starts"):
            counts[name] += getattr(row, name)
        counts["last_us"] = max(counts["last_us"], int(row.minute.timestamp() * 1_000_000))
    used = apps.get_model("functions", "UsageDay").objects.using("telemetry").filter(project_id=project_id)
    memory = dict(used.filter(day=day.date()).values_list("function_id").annotate(Sum("mb_ms")).order_by())
    memory[project_id] = sum(memory.values())
    span = apps.get_model("functions", "MetricSpan")
    rows = (
        span(
            project_id=project_id,
            **dict(zip(("subject_id", "step_s", "start", "version", "alias", "trigger"), place)),
            **stretch.sums,
            **stretch.peaks,
            mb_ms=memory.get(place[0], 0) if place[1] == 86_400 else 0,
            sketch=stretch.sketch(),
        )
        for place, stretch in found.items()
    )
    span.objects.using("telemetry").bulk_create(rows, batch_size=500)


def fill_months(apps, counts):
    """What was counted beside the use belongs to a month's newest price."""
    usage = apps.get_model("functions", "UsageDay").objects.using("telemetry")
    found = {}
    for row in usage.order_by("day").iterator(chunk_size=2000):
        month = row.day.replace(day=1)
        sums = found.setdefault((row.function_id, month, row.price_id), Counter())
        for name in ("requests", "mb_ms", "cost_pico"):
            sums[name] += getattr(row, name)
        newest = (row.project_id, row.function_name)
        found[row.function_id, month, row.price_id] = sums
        sums["of"] = newest
    table = apps.get_model("functions", "UsageMonth")
    rows = []
    for (function_id, month, price_id), sums in reversed(found.items()):
        project_id, name = sums.pop("of")
        rows.append(
            table(
                project_id=project_id,
                function_id=function_id,
                function_name=name,
                month=month,
                price_id=price_id,
                **sums,
                **counts.pop((function_id, month), {}),
            )
        )
    table.objects.using("telemetry").bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0007_function_policy"),
    ]

    operations = [
        migrations.CreateModel(
            name="MetricSpan",
            fields=[
                ("id", models.UUIDField(default=functions.ids.new_id, primary_key=True, serialize=False)),
                ("project_id", models.UUIDField()),
                ("version", models.CharField(blank=True, max_length=16)),
                ("alias", models.CharField(blank=True, max_length=128)),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("test", "Test"),
                            ("api", "API"),
                            ("function_url", "Function URL"),
                            ("schedule", "Schedule"),
                            ("replay", "Replay"),
                            ("deploy", "Deploy check"),
                        ],
                        max_length=24,
                    ),
                ),
                ("invocations", models.PositiveBigIntegerField(default=0)),
                ("errors", models.PositiveBigIntegerField(default=0)),
                ("throttles", models.PositiveBigIntegerField(default=0)),
                ("platform_failures", models.PositiveBigIntegerField(default=0)),
                ("cold_starts", models.PositiveBigIntegerField(default=0)),
                ("duration_us", models.PositiveBigIntegerField(default=0)),
                ("duration_max_us", models.PositiveBigIntegerField(default=0)),
                ("init_us", models.PositiveBigIntegerField(default=0)),
                ("billed_ms", models.PositiveBigIntegerField(default=0)),
                ("cost_pico", models.PositiveBigIntegerField(default=0)),
                ("memory_max", models.PositiveBigIntegerField(default=0)),
                ("concurrency_max", models.PositiveIntegerField(default=0)),
                ("event_age_us", models.PositiveBigIntegerField(default=0)),
                ("sketch", models.BinaryField(default=b"")),
                ("subject_id", models.UUIDField()),
                ("step_s", models.PositiveIntegerField()),
                ("start", models.DateTimeField()),
                ("mb_ms", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["project_id", "step_s", "start", "subject_id", "errors"],
                        name="metric_span_by_project",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_id", "step_s", "start", "version", "alias", "trigger"),
                        name="metric_span_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageMonth",
            fields=[
                ("id", models.UUIDField(default=functions.ids.new_id, primary_key=True, serialize=False)),
                ("project_id", models.UUIDField()),
                ("function_id", models.UUIDField()),
                ("function_name", models.CharField(max_length=64)),
                ("month", models.DateField()),
                ("price_id", models.CharField(max_length=32)),
                ("requests", models.PositiveBigIntegerField(default=0)),
                ("mb_ms", models.PositiveBigIntegerField(default=0)),
                ("cost_pico", models.PositiveBigIntegerField(default=0)),
                ("errors", models.PositiveBigIntegerField(default=0)),
                ("throttles", models.PositiveBigIntegerField(default=0)),
                ("cold_starts", models.PositiveBigIntegerField(default=0)),
                ("last_us", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["project_id", "month"], name="usage_month_by_project")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("function_id", "month", "price_id"), name="usage_month_once"
                    )
                ],
            },
        ),
        # The hint is what sends it to the telemetry database (functions.databases).
        migrations.RunPython(fill, migrations.RunPython.noop, hints={"model_name": "metricspan"}),
    ]
