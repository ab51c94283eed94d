"""Message queues, their messages, the functions that are called for them, and calls by queue."""

import django.db.models.deletion
import functions.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0018_provisions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="invocation",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="metricminute",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="metricspan",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="MessageQueue",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("region", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=80)),
                ("fifo", models.BooleanField(default=False)),
                ("visibility_s", models.PositiveIntegerField(default=30)),
                ("delay_s", models.PositiveIntegerField(default=0)),
                ("retention_s", models.PositiveIntegerField(default=345600)),
                ("largest_bytes", models.PositiveIntegerField(default=1048576)),
                ("wait_s", models.PositiveIntegerField(default=0)),
                ("dead_letter_arn", models.CharField(blank=True, max_length=160)),
                ("max_receives", models.PositiveIntegerField(default=0)),
                ("redrive_allow", models.TextField(blank=True)),
                ("content_deduplication", models.BooleanField(default=False)),
                ("deduplication_scope", models.CharField(default="queue", max_length=16)),
                ("throughput_limit", models.CharField(default="perQueue", max_length=24)),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("purged_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="message_queues",
                        to="functions.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EventSourceMapping",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("qualifier", models.CharField(blank=True, default="live", max_length=128)),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                ("source_arn", models.CharField(max_length=160)),
                ("batch_size", models.PositiveIntegerField(default=10)),
                ("window_s", models.PositiveIntegerField(default=0)),
                ("reports_failures", models.BooleanField(default=False)),
                ("most_at_once", models.PositiveIntegerField(blank=True, null=True)),
                ("filters", models.JSONField(blank=True, default=list)),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("result", models.CharField(blank=True, max_length=300)),
                ("worked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "function",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="event_source_mappings",
                        to="functions.function",
                    ),
                ),
                (
                    "queue",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="mappings",
                        to="functions.messagequeue",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QueueDeduplication",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("queue_id", models.UUIDField()),
                ("key", models.CharField(max_length=64)),
                ("message_id", models.UUIDField()),
                ("number", models.BigIntegerField()),
                ("sent_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("queue_id", "key"), name="queue_deduplication_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="QueueMessage",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("message_id", models.UUIDField(unique=True)),
                ("queue_id", models.UUIDField()),
                ("body", models.TextField()),
                ("size", models.PositiveIntegerField()),
                ("attributes", models.JSONField(default=dict)),
                ("trace", models.CharField(blank=True, max_length=256)),
                ("sender", models.CharField(blank=True, max_length=128)),
                ("group_id", models.CharField(blank=True, max_length=128)),
                ("deduplication_id", models.CharField(blank=True, max_length=128)),
                ("sent_at", models.DateTimeField()),
                ("visible_at", models.DateTimeField()),
                ("first_received_at", models.DateTimeField(null=True)),
                ("receives", models.PositiveIntegerField(default=0)),
                ("receipt", models.CharField(blank=True, max_length=32)),
                ("source_arn", models.CharField(blank=True, max_length=160)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["queue_id", "visible_at"], name="queue_message_visible"),
                    models.Index(fields=["queue_id", "number"], name="queue_message_in_order"),
                    models.Index(fields=["queue_id", "sent_at"], name="queue_message_by_age"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="messagequeue",
            constraint=models.UniqueConstraint(
                fields=("project", "region", "name"), name="message_queue_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="eventsourcemapping",
            constraint=models.UniqueConstraint(
                fields=("function", "source_arn"), name="mapping_once_per_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="eventsourcemapping",
            constraint=models.CheckConstraint(
                condition=models.Q(("most_at_once", None), ("most_at_once__gte", 2), _connector="OR"),
                name="mapping_at_least_2_at_once",
            ),
        ),
    ]
