"""Alarms and what became of them."""

import django.db.models.deletion
import functions.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0022_buckets"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("metric", models.CharField(max_length=24)),
                (
                    "comparison",
                    models.CharField(
                        choices=[
                            ("GreaterThanThreshold", "above"),
                            ("GreaterThanOrEqualToThreshold", "at or above"),
                            ("LessThanThreshold", "below"),
                            ("LessThanOrEqualToThreshold", "at or below"),
                        ],
                        max_length=40,
                    ),
                ),
                ("threshold", models.FloatField()),
                ("period_s", models.PositiveIntegerField(default=300)),
                ("periods", models.PositiveSmallIntegerField(default=1)),
                ("datapoints", models.PositiveSmallIntegerField(default=1)),
                ("webhook", models.BinaryField(default=b"")),
                (
                    "style",
                    models.CharField(
                        choices=[("json", "JSON"), ("slack", "Slack-shaped text")],
                        default="json",
                        max_length=8,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OK", "OK"),
                            ("ALARM", "In alarm"),
                            ("INSUFFICIENT_DATA", "Insufficient data"),
                        ],
                        default="INSUFFICIENT_DATA",
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=256)),
                ("state_since", models.DateTimeField(auto_now_add=True)),
                ("check_at", models.DateTimeField(db_index=True, null=True)),
                (
                    "changed_by",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alarms",
                        to="functions.function",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alarms",
                        to="functions.project",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="AlarmChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "before",
                    models.CharField(
                        choices=[
                            ("OK", "OK"),
                            ("ALARM", "In alarm"),
                            ("INSUFFICIENT_DATA", "Insufficient data"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("OK", "OK"),
                            ("ALARM", "In alarm"),
                            ("INSUFFICIENT_DATA", "Insufficient data"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=256)),
                ("is_test", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=256)),
                (
                    "alarm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="functions.alarm",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="alarm_name_once"),
        ),
        migrations.AddIndex(
            model_name="alarmchange",
            index=models.Index(fields=["alarm", "-at"], name="alarm_change_by_alarm"),
        ),
    ]
