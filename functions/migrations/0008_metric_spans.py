"""Sums of hours, days, months and whole projects, filled from the minutes and days that there are."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import add
from uuid import UUID

from ddsketch.pb import ddsketch_pb2
from django.db import connections, migrations, models
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
PLACE = ("subject_id", "step_s", "start", "version", "alias", "trigger")
DAY = timedelta(days=1)


class Stretch:
    """The sums of some minutes."""

    def __init__(self):
        self.sums = [0] * len(SUMS)
        self.peaks = [0] * len(PEAKS)
        self.bins = {}
        self.zeros = 0.0
        self.gamma = 0.0

    def add(self, sums, peaks, bins, zeros, gamma):
        self.sums = list(map(add, self.sums, sums))
        self.peaks = list(map(max, self.peaks, peaks))
        own = self.bins
        for index, count in bins.items():
            own[index] = own.get(index, 0) + count
        self.zeros += zeros
        self.gamma = gamma or self.gamma

    def add_all(self, other):
        self.add(other.sums, other.peaks, other.bins, other.zeros, other.gamma)

    def sketch(self):
        proto = ddsketch_pb2.DDSketch()
        if not self.gamma:
            return b""
        proto.mapping.gamma = self.gamma
        proto.zeroCount = self.zeros
        for index, count in self.bins.items():
            proto.positiveValues.binCounts[index] = count
        return proto.SerializeToString()


def read_sketch(stored):
    """Its bins, zeros and gamma."""
    if not stored:
        return {}, 0.0, 0.0
    proto = ddsketch_pb2.DDSketch.FromString(bytes(stored))
    store = proto.positiveValues
    bins = dict(store.binCounts)
    for index, count in enumerate(store.contiguousBinCounts, store.contiguousBinIndexOffset):
        if count:
            bins[index] = bins.get(index, 0) + count
    return bins, proto.zeroCount, proto.mapping.gamma


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
    """Each minute goes into two sums, and those into the longer ones: there are a million minutes."""
    hours, minutes = {}, {}
    names = ("function_id", "minute", "version", "alias", "trigger", *SUMS, *PEAKS, "sketch")
    for function_id, minute, version, alias, trigger, *values, stored in rows.values_list(*names).iterator(
        chunk_size=2000
    ):
        sums, peaks, sketch = values[: len(SUMS)], values[len(SUMS) :], read_sketch(stored)
        hour = minute.replace(minute=0, second=0, microsecond=0)
        for into, place in (
            (hours, (function_id, 3600, hour, version, alias, trigger)),
            (minutes, (project_id, 60, minute, "", "", "")),
        ):
            into.setdefault(place, Stretch()).add(sums, peaks, *sketch)
        count_month(months.setdefault((function_id, day.date().replace(day=1)), Counter()), minute, sums)
    whole_hours = wider(minutes, lambda place: (project_id, 3600, place[2].replace(minute=0), "", "", ""))
    days = wider(hours, lambda place: (place[0], 86_400, day, "", "", ""))
    days |= wider(whole_hours, lambda place: (project_id, 86_400, day, "", "", ""))
    store(apps, project_id, day, hours | minutes | whole_hours | days)


def wider(found, place_of):
    """Sums of sums."""
    into = {}
    for place, stretch in found.items():
        into.setdefault(place_of(place), Stretch()).add_all(stretch)
    return into


def count_month(counts, minute, sums):
    for name in ("errors", "throttles", "cold_starts"):
        counts[name] += sums[SUMS.index(name)]
    counts["last_us"] = max(counts["last_us"], int(minute.timestamp() * 1_000_000))


def store(apps, project_id, day, found):
    """Past the ORM: an object for each of a million rows takes longer than all the sums."""
    used = apps.get_model("functions", "UsageDay").objects.using("telemetry").filter(project_id=project_id)
    memory = dict(used.filter(day=day.date()).values_list("function_id").annotate(Sum("mb_ms")).order_by())
    memory[project_id] = sum(memory.values())
    columns = ("id", "project_id", *PLACE, *SUMS, *PEAKS, "mb_ms", "sketch")
    connection = connections["telemetry"]
    adapt = sqlite_value if connection.vendor == "sqlite" else (lambda value: value)
    rows = (
        [
            *map(adapt, (functions.ids.new_id(), project_id, *place)),
            *stretch.sums,
            *stretch.peaks,
            memory.get(place[0], 0) if place[1] == 86_400 else 0,
            stretch.sketch(),
        ]
        for place, stretch in found.items()
    )
    insert = (
        f"INSERT INTO functions_metricspan ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
    )
    with connection.cursor() as cursor:
        while part := list(islice(rows, 5000)):
            cursor.executemany(insert, part)


def sqlite_value(value):
    """As Django writes it there."""
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    return value.hex if isinstance(value, UUID) else value


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
