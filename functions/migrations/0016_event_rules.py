"""Rules of the event bus, their targets, and calls by rule."""

import django.db.models.deletion
import functions.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0015_log_chunks"),
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
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="EventRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("region", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=64)),
                ("description", models.CharField(blank=True, max_length=512)),
                ("pattern", models.TextField(blank=True)),
                ("expression", models.CharField(blank=True, max_length=256)),
                ("enabled", models.BooleanField(default=True)),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="event_rules",
                        to="functions.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EventTarget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("target_id", models.CharField(max_length=64)),
                ("arn", models.CharField(max_length=1600)),
                ("settings", models.JSONField(blank=True, default=dict)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="functions.eventrule",
                    ),
                ),
                (
                    "schedule",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="event_target",
                        to="functions.schedule",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="eventrule",
            constraint=models.UniqueConstraint(
                fields=("project", "region", "name"), name="event_rule_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="eventtarget",
            constraint=models.UniqueConstraint(
                fields=("rule", "target_id"), name="event_target_once_per_rule"
            ),
        ),
    ]
